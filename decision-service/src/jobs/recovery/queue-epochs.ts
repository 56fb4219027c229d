import { randomUUID } from 'node:crypto'
import type { Logger } from '@redress/shared/process/logger.ts'
import { type CollectionDefinition, defineCollection } from '@redress/shared/stores/collections.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Collection } from 'mongodb'
import { firstOfEachRedis, type Queues } from '../frame/open-queues.ts'
import type { QueueName } from '../frame/queues.ts'

/** The Redis that held the jobs of a queue when they were last recovered: its mark, and the id of its run. */
export type EpochDocument = { _id: QueueName; mark: string; run: string }

export const QUEUE_EPOCHS: CollectionDefinition<EpochDocument> = defineCollection<EpochDocument>({
  name: 'queue_epochs',
})

const KEY = 'queues:epoch'

/** A Redis of queues that is not what it was; \`queue\` is the first of its queues. */
export type EpochChange = Readonly<{ queue: QueueName; run: string }>

export type QueueEpochs = Readonly<{
  /**
   * Finds each Redis that may have lost jobs: its mark is gone (it was emptied), or it is another run (it was restarted,
   * perhaps without its latest writes, or another one has taken over). One that is away is left for later.
   */
  findChanged(): Promise<readonly EpochChange[]>
  /** Begins a new epoch, once the jobs are recovered. */
  note(changes: readonly EpochChange[]): Promise<void>
}>

type Options = Readonly<{ queues: Queues; collection: Collection<EpochDocument>; logger: Logger }>

export function createQueueEpochs({ queues, collection, logger }: Options): QueueEpochs {
  const look = async (queue: QueueName, redis: Redis): Promise<readonly EpochChange[]> => {
    if (!redis.isReady) return []
    const [info, mark, known] = await Promise.all([
      redis.info('server'),
      redis.get(KEY),
      collection.findOne({ _id: queue }),
    ])
    const run = /run_id:(\w+)/.exec(info)?.[1] ?? ''
    return known !== null && known.mark === mark && known.run === run ? [] : [{ queue, run }]
  }
  return {
    async findChanged() {
      const changes = await Promise.all(
        firstOfEachRedis(queues).map(({ name, redis }) => look(name, redis).catch(() => [])),
      )
      return changes.flat()
    },
    async note(changes) {
      for (const { queue, run } of changes) {
        const mark = randomUUID()
        await queues[queue].redis.set(KEY, mark)
        await collection.updateOne({ _id: queue }, { $set: { mark, run } }, { upsert: true })
        logger.info({ queue }, 'the Redis of a queue was new or another one: all its open jobs were looked up')
      }
    },
  }
}

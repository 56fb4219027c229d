import { QUEUE_NAMES, type QueueName } from '../frame/queues.ts'
import type { FeedQueue } from './feed-events.ts'
import type { JobFeed } from './job-feed.ts'

/** Publishes what queues hold. */
export type QueueWatch = Readonly<{
  /** Publishes each queue that is not as it was at the call before; a queue whose Redis is away is left out. */
  publishChanged(): Promise<void>
  /** Publishes a queue as it is, after an act of a person. Never rejects. */
  publish(name: QueueName): Promise<void>
}>

type Options = Readonly<{
  /** Null where the Redis of a queue is away. */
  read: (name: QueueName) => Promise<Omit<FeedQueue, 'name'> | null>
  feed: Pick<JobFeed, 'queue'>
}>

export function createQueueWatch({ read, feed }: Options): QueueWatch {
  const known = new Map<QueueName, string>()
  return {
    async publishChanged() {
      const states = await Promise.all(QUEUE_NAMES.map(read))
      for (const [index, name] of QUEUE_NAMES.entries()) {
        const state = states[index] ?? null
        const text = JSON.stringify(state)
        if (state === null || known.get(name) === text) continue
        known.set(name, text)
        feed.queue({ name, ...state })
      }
    },
    async publish(name) {
      const state = await read(name)
      if (state !== null) feed.queue({ name, ...state })
    },
  }
}

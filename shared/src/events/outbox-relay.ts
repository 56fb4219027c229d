import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from 'mongodb'
import type { Logger } from '../process/logger.ts'
import { startRepeating } from '../process/repeat.ts'
import { succeedsWithin } from '../resilience/deadline.ts'
import type { Redis } from '../stores/redis.ts'
import type { StreamName } from './envelope.ts'
import type { OutboxDocument } from './event-collections.ts'
import { joinElection } from './leadership.ts'
import { outboxCollection } from './outbox.ts'
import { REPUBLISH_MS, trimStream } from './stream-retention.ts'

const BATCH = 500
/** The least time from one round to the next: under load, what is committed meanwhile is published together. */
const GATHER_MS = 10
/** What a wake-up missed (a crash, a lost message) is found at the latest after this. */
const SWEEP_MS = 250
/** How often old events are taken off the stream. */
const TRIM_EVERY_MS = 60_000
const STOP_MS = 2_000

export type OutboxRelay = Readonly<{ wake: () => void; stop: () => Promise<void> }>

type Options = Readonly<{ db: Db; redis: Redis; stream: StreamName; logger: Logger }>

/**
 * Carries committed events from the outbox to the stream, in order, by one leader among all processes that share
 * the database. An event may be published twice (a crash between publishing and noting it), never skipped.
 */
export async function startOutboxRelay({ db, redis, stream, logger }: Options): Promise<OutboxRelay> {
  const channel = `wake:${stream}`
  const leadership = joinElection(redis, `relay:${stream}`, logger)
  const subscriber = redis.duplicate()
  subscriber.on('error', (err: unknown) => logger.warn({ err }, 'redis connection lost'))
  await subscriber.connect()

  const mayRun = leadership.isLeader
  const onError = (err: unknown) => logger.warn({ err, stream }, 'events not published yet')
  const round = async () => {
    await publishAll({ db, redis, stream, logger })
    await pause(GATHER_MS)
  }
  const relaying = startRepeating({ run: () => round().catch(onError), everyMs: SWEEP_MS, mayRun, onError })
  const trimming = startRepeating({
    run: () => trimStream(redis, stream),
    everyMs: TRIM_EVERY_MS,
    mayRun,
    onError: (err) => logger.warn({ err, stream }, 'stream not trimmed'),
  })
  await subscriber.subscribe(channel, () => void relaying.runNow())

  return {
    wake: () => void (mayRun() ? relaying.runNow() : redis.publish(channel, '').catch(() => undefined)),
    async stop() {
      // A round that waits for a Redis that is away is given up: its events are published by the next leader.
      await succeedsWithin(STOP_MS, Promise.all([relaying.stop(), trimming.stop()]))
      await leadership.stop()
      subscriber.destroy()
    },
  }
}

async function publishAll({ db, redis, stream, logger }: Options): Promise<void> {
  const outbox = outboxCollection(db)
  await republishIfLost({ db, redis, stream, logger })

  for (;;) {
    const batch = await outbox.find({ published: false }).sort({ at: 1, _id: 1 }).limit(BATCH).toArray()
    if (batch.length === 0) return
    await publish(redis, stream, batch)
    const ids = batch.map(({ _id }) => _id)
    await outbox.updateMany({ _id: { $in: ids } }, { $set: { published: true, publishedAt: new Date() } })
    if (batch.length < BATCH) return
  }
}

async function publish(redis: Redis, stream: StreamName, batch: readonly OutboxDocument[]): Promise<void> {
  const multi = redis.multi()
  for (const { event } of batch) multi.xAdd(stream, '*', { event })
  await multi.exec()
}

/** The epoch key lives and dies with the streams: when it is missing, so is what was published. */
async function republishIfLost({ db, redis, stream, logger }: Options): Promise<void> {
  const epoch = `epoch:${stream}`
  if ((await redis.get(epoch)) !== null) return

  const since = new Date(Date.now() - REPUBLISH_MS)
  const { modifiedCount } = await outboxCollection(db).updateMany(
    { publishedAt: { $gte: since } },
    { $set: { published: false }, $unset: { publishedAt: '' } },
  )
  await redis.set(epoch, new Date().toISOString())
  if (modifiedCount > 0) logger.warn({ stream, events: modifiedCount }, 'stream was lost, publishing again')
}

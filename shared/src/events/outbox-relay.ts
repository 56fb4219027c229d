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
/** Pause between rounds: under load, the commits of this time are published together. */
const GATHER_MS = 10
/** Interval of the sweep, which finds what a lost wake-up or a crash has left. */
const SWEEP_MS = 250
/** Interval at which old events are trimmed from the stream. */
const TRIM_EVERY_MS = 60_000
const STOP_MS = 2_000

export type OutboxRelay = Readonly<{ wake: () => void; stop: () => Promise<void> }>

type Options = Readonly<{ db: Db; redis: Redis; stream: StreamName; logger: Logger }>

/**
 * Publishes committed events from the outbox to the stream, in order, on one leader among all processes of the
 * database. An event may be published twice (a crash between publishing and marking it), never skipped.
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

/** The epoch key is lost together with the stream: if it is missing, the published events are too. */
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

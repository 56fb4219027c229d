import { setTimeout as pause } from 'node:timers/promises'
import type { Db, MongoClient } from 'mongodb'
import type { Logger } from '../process/logger.ts'
import { startRepeating } from '../process/repeat.ts'
import { succeedsWithin } from '../resilience/deadline.ts'
import { duplicateRedis, type Redis } from '../stores/redis.ts'
import { MINUTE_MS } from '../time.ts'
import type { StreamName } from './envelope.ts'
import { createGather } from './gather.ts'
import { joinElection, type Leadership } from './leadership.ts'
import { createEventLog, type EventLog, prepareEventLog } from './log/event-log.ts'
import { createEventStream } from './log/event-stream.ts'
import { createPublisher } from './log/publisher.ts'
import { createRestart } from './log/restart.ts'
import { createRetention } from './log/retention.ts'

/** From one round to the next: what is committed meanwhile is published together. */
const GATHER = { leastMs: 10, mostMs: 50 }
const SWEEP_MS = 1_000
const STOP_MS = 2_000
const GROUP_GONE_AFTER_MS = 10 * MINUTE_MS

export type OutboxRelay = Readonly<{ wake: () => void; stop: () => Promise<void> }>

type Options = Readonly<{
  mongo: MongoClient
  db: Db
  redis: Redis
  stream: StreamName
  /** Time without a report of a group after which an alert names it. */
  groupGoneAfterMs?: number
  /** The longest time until a round without a wake-up, which finds the effects of crashes and lost messages or entries. */
  sweepMs?: number
  logger: Logger
}>

/**
 * Publishes committed events, in order, by one leader among all processes that share the database: from the outbox to
 * the event log in MongoDB, where each gets its sequence, and from there to the stream in Redis.
 */
export async function startOutboxRelay(options: Options): Promise<OutboxRelay> {
  const { db, redis, stream, sweepMs = SWEEP_MS, logger } = options
  await prepareEventLog(db)
  const channel = `wake:${stream}`
  const leadership = joinElection(redis, `relay:${stream}`, logger, { onLead: () => void relaying.runNow() })
  const subscriber = duplicateRedis(redis, logger)

  const round = createRounds(options, leadership)
  const mayRun = leadership.isLeader
  const onError = (err: unknown) => logger.warn({ err, stream }, 'events not published yet')
  const relaying = startRepeating({ run: () => round().catch(onError), everyMs: sweepMs, mayRun, onError })
  subscriber
    .connect()
    .then(() => subscriber.subscribe(channel, () => void relaying.runNow()))
    .catch((err: unknown) => logger.warn({ err, stream }, 'wake-ups of other processes not received'))

  return {
    wake: () => void (mayRun() ? relaying.runNow() : redis.publish(channel, '').catch(() => undefined)),
    async stop() {
      // A round that waits for a Redis that is away is given up: its events are published by the next leader.
      await succeedsWithin(STOP_MS, relaying.stop())
      await leadership.stop()
      subscriber.destroy()
    },
  }
}

/** Rounds that begin without any knowledge when this process begins to lead: meanwhile another one led. */
function createRounds(options: Options, leadership: Pick<Leadership, 'term'>) {
  let term = leadership.term()
  let round = createRound(options)
  return () => {
    if (leadership.term() !== term) round = createRound(options)
    term = leadership.term()
    return round()
  }
}

/** One round of the leader: publishes what was committed, and keeps what readers may still need. */
function createRound(options: Options) {
  const { mongo, db, redis, stream, groupGoneAfterMs = GROUP_GONE_AFTER_MS, logger } = options
  const { seal, ...eventLog } = createEventLog({ mongo, db })
  const gather = createGather(GATHER)
  const log: EventLog = {
    ...eventLog,
    async seal() {
      const sealed = await seal()
      gather.add(sealed.entries.length)
      return sealed
    },
  }
  const eventStream = createEventStream(redis, stream)
  const publisher = createPublisher({
    log,
    stream: eventStream,
    findRestart: createRestart({ log, db, stream }),
    onRebuild: ({ reason, ...range }) => {
      if (reason === 'first') logger.info({ stream, ...range }, 'stream begins')
      else logger.warn({ stream, reason, ...range }, 'stream is filled again')
    },
  })
  const retention = createRetention({ log, eventStream, mongo, db, redis, stream, groupGoneAfterMs, publisher, logger })
  return async () => {
    gather.begin()
    await publisher.publish()
    await retention.keep()
    await pause(gather.waitMs())
  }
}

import { setTimeout as pause } from 'node:timers/promises'
import type { Db, MongoClient } from 'mongodb'
import type { Logger } from '../process/logger.ts'
import { succeedsWithin } from '../resilience/deadline.ts'
import { openCollections } from '../stores/collections.ts'
import type { Redis } from '../stores/redis.ts'
import { NO_TELEMETRY, type Telemetry } from '../telemetry/telemetry.ts'
import type { DomainEvent, StreamName } from './envelope.ts'
import { inboxOf } from './event-collections.ts'
import { type Apply, createInbox } from './inbox.ts'
import { type Settling, settleMessages } from './settle-messages.ts'
import { createGroupMember } from './stream.ts'

/** A message that a member has not acknowledged within this is taken over by another. */
const ABANDONED_MS = 5_000
const TAKE_OVER_EVERY_MS = 2_000
const PAUSE_MS = 100
const STOP_MS = 2_000
const GATHER_MS = 20

export type StreamConsumer = Readonly<{ stop: () => Promise<void> }>

export type ConsumerOptions = Readonly<{
  mongo: MongoClient
  db: Db
  redis: Redis
  streams: readonly StreamName[]
  /** Every group gets every event; the members of one group share them. */
  group: string
  /** Applies events that were not applied before, in the transaction that also marks them as applied. */
  apply: Apply
  /** Whether this group has to apply an event; others are acknowledged at once. Must not throw. Default: every event. */
  isRelevant?: (event: DomainEvent) => boolean
  /** The least time from one batch to the next: under load, what arrives meanwhile shares one transaction. */
  gatherMs?: number
  /** Runs after the commit, also for events that were applied before: must be harmless when repeated. */
  afterCommit?: (events: readonly DomainEvent[]) => Promise<void>
  /**
   * Whether this member consumes, for a group with one consuming member at a time. It begins with the unfinished
   * messages of its predecessor, which keeps the order of each stream.
   */
  isLeader?: () => boolean
  /** After how long, and how often, the messages of a dead member are taken over. */
  takeOver?: Readonly<{ abandonedMs: number; everyMs: number }>
  telemetry?: Telemetry
  logger: Logger
}>

/**
 * Reads streams as member of a consumer group, in batches. An event takes effect exactly once: its id is noted in the
 * transaction of its effect. An event that cannot be applied is isolated from its batch, tried five times, and then
 * kept in the collection `dead_events` with the reason.
 */
export async function startStreamConsumer(options: ConsumerOptions): Promise<StreamConsumer> {
  const { db, redis, streams, group, logger } = options
  const { isRelevant = () => true, afterCommit = async () => {}, telemetry = NO_TELEMETRY } = options
  const reader = redis.duplicate()
  reader.on('error', (err: unknown) => logger.warn({ err }, 'redis connection lost'))
  await reader.connect()

  const member = createGroupMember({ redis, reader, streams, group })
  const inbox = createInbox(options)
  await openCollections(db, { inbox: inboxOf(group) })
  const stopping = new AbortController()
  const { signal } = stopping
  const running = consume(options, { db, group, member, inbox, isRelevant, afterCommit, telemetry, logger, signal })

  return {
    async stop() {
      stopping.abort()
      reader.destroy()
      // A batch that waits for a store that is away is given up: another member takes its messages over.
      await succeedsWithin(STOP_MS, running)
      await succeedsWithin(STOP_MS, member.leave())
    },
  }
}

async function consume(options: ConsumerOptions, settling: Settling): Promise<void> {
  const { streams, group, isLeader, gatherMs = GATHER_MS, logger } = options
  const { abandonedMs, everyMs } = options.takeOver ?? { abandonedMs: ABANDONED_MS, everyMs: TAKE_OVER_EVERY_MS }
  const { member, signal } = settling
  let takeOverAt = 0
  let led = false
  while (!signal.aborted) {
    if (isLeader?.() === false) {
      led = false
      await pause(PAUSE_MS)
      continue
    }
    try {
      if (Date.now() >= takeOverAt || !led) {
        await member.join()
        // A new leader finishes first what its predecessor has left, however recent.
        await takeOver(settling, isLeader && !led ? 0 : abandonedMs)
        takeOverAt = Date.now() + everyMs
        led = true
      }
      const messages = await member.readNew()
      await settleMessages(settling, messages)
      if (messages.length > 0) await pause(gatherMs)
    } catch (err) {
      if (signal.aborted) break
      logger.warn({ err, streams, group }, 'streams not readable')
      takeOverAt = 0
      await pause(PAUSE_MS)
    }
  }
}

async function takeOver(settling: Settling, idleMs: number): Promise<void> {
  for (;;) {
    const messages = await settling.member.takeOver(idleMs)
    await settleMessages(settling, messages)
    if (messages.length === 0 || settling.signal.aborted) return
  }
}

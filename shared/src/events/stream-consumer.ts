import { setTimeout as pause } from 'node:timers/promises'
import type { Db, MongoClient } from 'mongodb'
import type { Logger } from '../process/logger.ts'
import { succeedsWithin } from '../resilience/deadline.ts'
import { openCollections } from '../stores/collections.ts'
import { isTransient } from '../stores/mongo.ts'
import type { Redis } from '../stores/redis.ts'
import { NO_TELEMETRY, type Telemetry } from '../telemetry/telemetry.ts'
import type { DomainEvent, StreamName } from './envelope.ts'
import { DEAD_EVENTS, type DeadEvent, inboxOf } from './event-collections.ts'
import { withSpans } from './event-spans.ts'
import { type Apply, createInbox } from './inbox.ts'
import { createGroupMember, type Message } from './stream.ts'

/** A message that a member took and did not finish within this is taken over by another. */
const ABANDONED_MS = 5_000
const TAKE_OVER_EVERY_MS = 2_000
/** An event that fails by itself this often is set aside as a dead letter. */
const DELIVERIES_MAX = 5
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
  /** Applies events that were not applied before, in the transaction that also notes them as applied. */
  apply: Apply
  /** Whether this group has to apply an event; others are acknowledged at once. Must not throw. Every event where not given. */
  isRelevant?: (event: DomainEvent) => boolean
  /** The least time from one batch to the next: under load, what arrives meanwhile shares one transaction. */
  gatherMs?: number
  /** Runs after the commit, also for events that were applied before; must be harmless when repeated. */
  afterCommit?: (events: readonly DomainEvent[]) => Promise<void>
  /**
   * Where given, one member at a time consumes, and this tells whether it is this one. What its predecessor left
   * unfinished comes first then, so that the order of each stream is kept.
   */
  isLeader?: () => boolean
  /** After how long, and how often, what a member that died had in hand is taken over. */
  takeOver?: Readonly<{ abandonedMs: number; everyMs: number }>
  telemetry?: Telemetry
  logger: Logger
}>

type EventMessage = Message & Readonly<{ event: DomainEvent }>

/**
 * Reads streams as member of a consumer group, in batches. An event takes effect exactly once: its id is noted
 * in the same transaction as its effect. An event that cannot be applied is isolated from its batch, tried
 * DELIVERIES_MAX times, and then kept in the collection `dead_events` with the reason.
 */
export async function startStreamConsumer(options: ConsumerOptions): Promise<StreamConsumer> {
  const {
    db,
    redis,
    streams,
    group,
    afterCommit,
    isRelevant = () => true,
    gatherMs = GATHER_MS,
    isLeader,
    takeOver: { abandonedMs, everyMs } = { abandonedMs: ABANDONED_MS, everyMs: TAKE_OVER_EVERY_MS },
    telemetry = NO_TELEMETRY,
    logger,
  } = options
  const reader = redis.duplicate()
  reader.on('error', (err: unknown) => logger.warn({ err }, 'redis connection lost'))
  await reader.connect()

  const member = createGroupMember({ redis, reader, streams, group })
  const inbox = createInbox(options)
  await openCollections(db, { inbox: inboxOf(group) })
  let stopped = false

  /** Why the events cannot be applied, or null once they are. Throws where that is no fault of theirs. */
  const reasonAgainst = async (events: readonly DomainEvent[]): Promise<string | null> => {
    try {
      if (events.length > 0) await inbox.apply(events)
      return null
    } catch (error) {
      if (isTransient(error)) throw error
      return String(error)
    }
  }

  const finish = async (messages: readonly Message[], events: readonly DomainEvent[]) => {
    if (events.length > 0) await afterCommit?.(events)
    await member.acknowledge(messages)
  }

  const bury = async (message: Message, reason: string) => {
    const dead = { group, text: message.text, reason, at: new Date() }
    await db
      .collection<DeadEvent>(DEAD_EVENTS.name)
      .updateOne({ _id: `${group}-${message.stream}-${message.id}` }, { $set: dead }, { upsert: true })
    await member.acknowledge([message])
    logger.error({ stream: message.stream, group, eventId: message.event?.id, reason }, 'event set aside')
  }

  const applyAlone = async (message: EventMessage) => {
    while (!stopped) {
      const reason = await reasonAgainst([message.event])
      if (reason === null) return finish([message], [message.event])
      const deliveries = await member.countDelivery(message)
      if (deliveries === null) return // Somebody else has settled it, or Redis was lost and it will come again.
      if (deliveries >= DELIVERIES_MAX) return bury(message, reason)
      await pause(PAUSE_MS)
    }
  }

  const settle = async (messages: readonly Message[]) => {
    for (const message of messages) if (message.event === null) await bury(message, 'This is not an event.')
    const readable = messages.filter((message): message is EventMessage => message.event !== null)
    const relevant = readable.filter(({ event }) => isRelevant(event))
    await withSpans(relevant, { group, telemetry }, async (traced) => {
      const events = traced.map(({ event }) => event)
      if ((await reasonAgainst(events)) === null) return finish(readable, events)
      await member.acknowledge(readable.filter((message) => !relevant.includes(message)))
      for (const message of traced) await applyAlone(message)
    })
  }

  /** The database or Redis may be away for a while; what was taken stays in hand until it is settled. */
  const settleEventually = async (messages: readonly Message[]) => {
    while (!stopped && messages.length > 0) {
      try {
        return await settle(messages)
      } catch (err) {
        logger.warn({ err, group }, 'events not applied yet')
        await pause(PAUSE_MS)
      }
    }
  }

  const takeOver = async (idleMs: number) => {
    for (;;) {
      const messages = await member.takeOver(idleMs)
      await settleEventually(messages)
      if (messages.length === 0 || stopped) return
    }
  }

  const run = async () => {
    let takeOverAt = 0
    let led = false
    while (!stopped) {
      const leads = isLeader?.() ?? true
      if (!leads) {
        led = false
        await pause(PAUSE_MS)
        continue
      }
      try {
        if (Date.now() >= takeOverAt || !led) {
          await member.join()
          await takeOver(isLeader && !led ? 0 : abandonedMs)
          takeOverAt = Date.now() + everyMs
          led = true
        }
        const messages = await member.readNew()
        await settleEventually(messages)
        if (messages.length > 0) await pause(gatherMs)
      } catch (err) {
        if (stopped) break
        logger.warn({ err, streams, group }, 'streams not readable')
        takeOverAt = 0
        await pause(PAUSE_MS)
      }
    }
  }

  const running = run()
  return {
    async stop() {
      stopped = true
      reader.destroy()
      // A batch that waits for a store that is away is given up: others take its messages over.
      await succeedsWithin(STOP_MS, running)
      await succeedsWithin(STOP_MS, member.leave())
    },
  }
}

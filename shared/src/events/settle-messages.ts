import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from 'mongodb'
import type { Logger } from '../process/logger.ts'
import { isTransient } from '../stores/mongo.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { DomainEvent } from './envelope.ts'
import { DEAD_EVENTS, type DeadEvent } from './event-collections.ts'
import { withSpans } from './event-spans.ts'
import type { Inbox } from './inbox.ts'
import type { GroupMember, Message } from './stream.ts'

/** An event that fails this often on its own becomes a dead letter. */
const DELIVERIES_MAX = 5
const RETRY_MS = 100

type EventMessage = Message & Readonly<{ event: DomainEvent }>

/** What settling messages needs of its consumer. */
export type Settling = Readonly<{
  db: Db
  group: string
  member: GroupMember
  inbox: Inbox
  isRelevant: (event: DomainEvent) => boolean
  afterCommit: (events: readonly DomainEvent[]) => Promise<void>
  telemetry: Telemetry
  logger: Logger
  /** Aborted when the consumer stops. */
  signal: AbortSignal
}>

/** Applies and acknowledges messages. Tries again for as long as the database or Redis is away; never rejects. */
export async function settleMessages(settling: Settling, messages: readonly Message[]): Promise<void> {
  const { group, logger, signal } = settling
  while (!signal.aborted && messages.length > 0) {
    try {
      return await settle(settling, messages)
    } catch (err) {
      logger.warn({ err, group }, 'events not applied yet')
      await pause(RETRY_MS)
    }
  }
}

async function settle(settling: Settling, messages: readonly Message[]): Promise<void> {
  const { group, member, isRelevant, telemetry } = settling
  for (const message of messages) {
    if (message.event === null) await moveToDeadLetters(settling, message, 'This is not an event.')
  }
  const readable = messages.filter((message): message is EventMessage => message.event !== null)
  const relevant = readable.filter(({ event }) => isRelevant(event))
  await withSpans(relevant, { group, telemetry }, async (traced) => {
    const events = traced.map(({ event }) => event)
    if ((await tryToApply(settling, events)) === null) return finish(settling, readable, events)
    // One of them fails. Each is applied on its own, so that the others do not share its fate.
    await member.acknowledge(readable.filter((message) => !relevant.includes(message)))
    for (const message of traced) await applyAlone(settling, message)
  })
}

async function applyAlone(settling: Settling, message: EventMessage): Promise<void> {
  while (!settling.signal.aborted) {
    const failure = await tryToApply(settling, [message.event])
    if (failure === null) return finish(settling, [message], [message.event])
    const deliveries = await settling.member.countDelivery(message)
    if (deliveries === null) return // Another member has settled it, or Redis was lost and it is delivered again.
    if (deliveries >= DELIVERIES_MAX) return moveToDeadLetters(settling, message, failure)
    await pause(RETRY_MS)
  }
}

/** Returns why the events cannot be applied, or null when they are. Rejects if the database is away. */
async function tryToApply({ inbox }: Settling, events: readonly DomainEvent[]): Promise<string | null> {
  try {
    if (events.length > 0) await inbox.apply(events)
    return null
  } catch (error) {
    if (isTransient(error)) throw error
    return String(error)
  }
}

async function finish(
  { member, afterCommit }: Settling,
  messages: readonly Message[],
  events: readonly DomainEvent[],
): Promise<void> {
  if (events.length > 0) await afterCommit(events)
  await member.acknowledge(messages)
}

async function moveToDeadLetters(
  { db, group, member, logger }: Settling,
  message: Message,
  reason: string,
): Promise<void> {
  const dead = { group, text: message.text, reason, at: new Date() }
  await db
    .collection<DeadEvent>(DEAD_EVENTS.name)
    .updateOne({ _id: `${group}-${message.stream}-${message.id}` }, { $set: dead }, { upsert: true })
  await member.acknowledge([message])
  logger.error({ stream: message.stream, group, eventId: message.event?.id, reason }, 'event moved to dead letters')
}

import type { ClientSession } from 'mongodb'
import { redactText } from '../../process/redact.ts'
import { newEvent } from '../catalogue.ts'
import { asNew, type Cause, parseEvent } from '../envelope.ts'
import type { DeadEvent } from '../event-collections.ts'
import { causeOfDeadEvent } from './dead-events.ts'
import type { RecordEvents } from './dead-letter-alerts.ts'

/** Brings dead letters of a group into the list of all services, in the transaction in which they became dead at `at`. */
export type ListDeadEvents = (events: readonly DeadEvent[], at: Date, session: ClientSession) => Promise<void>

/** Characters of a text that is not an event. */
const TEXT_MAX = 1_000
const REASON_MAX = 1_000
/** Characters of the data of an event, as JSON; of longer data, the list has none. */
const PAYLOAD_MAX = 64 * 1024

/** The way into the list for a service that another one keeps the list for: an event of its own. */
export function createPublishDeadEvents(add: RecordEvents): ListDeadEvents {
  return (events, at, session) =>
    add(
      events.map((event) => toAddedEvent(event, at)),
      session,
    )
}

/** An event that could not be applied, as the list of all services has it. `event` is null where it is not an event. */
export type AddedLetter = Readonly<{
  id: string
  group: string
  stream: string
  sequence: number
  attempts: number
  reason: string
  event: Readonly<{ id: string; type: string; subject: Readonly<{ type: string; id: string }> }> | null
  payload: object
  cause: Cause
  setAsideAt: Date
}>

export function toAddedEvent({ _id: id, text, at: setAsideAt, ...dead }: DeadEvent, at: Date) {
  const event = parseEvent(text)
  return newDeadLetter(
    {
      ...{ id, group: dead.group, stream: dead.stream, sequence: dead.sequence },
      ...{ attempts: dead.attempts, reason: dead.reason },
      event: event && { id: event.id, type: event.type, subject: event.entity },
      payload: event === null ? { text: redactText(text.slice(0, TEXT_MAX)) } : event.data,
      cause: causeOfDeadEvent(event),
      setAsideAt,
    },
    at,
  )
}

/** The event that brings a dead letter into the list of all services. */
export function newDeadLetter({ event, payload, reason, cause, setAsideAt, ...facts }: AddedLetter, at: Date) {
  const { id, group } = facts
  return newEvent('dead_letter.added', {
    id: `dead_letter-${id}-${at.getTime()}`,
    at,
    cause,
    entity: { type: 'ConsumerGroup', id: group },
    changes: asNew({ deadLetter: id, eventType: event?.type ?? null }),
    data: {
      ...{ ...facts, reason: redactText(reason).slice(0, REASON_MAX) },
      ...{ eventId: event?.id ?? null, eventType: event?.type ?? null, subject: event?.subject ?? null },
      payload: JSON.stringify(payload).length > PAYLOAD_MAX ? {} : payload,
      ...{ setAsideAt: setAsideAt.toISOString(), failedAt: at.toISOString() },
    },
  })
}

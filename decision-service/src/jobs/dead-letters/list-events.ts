import { type EventOf, isOneOf, readEvent, UnreadableEventError } from '@redress/shared/events/catalogue.ts'
import { type ListDeadEvents, toAddedEvent } from '@redress/shared/events/dead-letters/list-dead-events.ts'
import { type DomainEvent, STREAMS } from '@redress/shared/events/envelope.ts'
import type { EventHandling } from '@redress/shared/service/consume-events.ts'
import type { AnyBulkWriteOperation, ClientSession } from 'mongodb'
import { pack } from '../records/stored-json.ts'
import { expiryOf } from './act-on-events.ts'
import type { LetterCollection, LetterDocument } from './letter-documents.ts'

const TYPES = ['dead_letter.added', 'dead_letters.replayed', 'dead_letters.discarded'] as const
type Listed = EventOf<(typeof TYPES)[number]>

type Handling = Omit<EventHandling, 'list'>

/**
 * The handling of events that keeps the list of dead letters as well: those of the other services by their events, its own
 * in the transaction in which they became dead. An event about the list that cannot be applied is a dead letter of this
 * service, and so in the list without a further event.
 */
export function listingEvents(handling: Handling, deadLetters: LetterCollection): EventHandling {
  const { isRelevant = () => true, record } = handling
  const store = createStore(deadLetters)
  return {
    ...handling,
    streams: [...handling.streams, STREAMS.audit],
    isRelevant: (event) => isOneOf(TYPES, event) || isRelevant(event),
    async apply(events, session, how) {
      await store(events, session)
      const own = events.filter(isRelevant)
      if (own.length > 0) await handling.apply(own, session, how)
    },
    // Acts of callers of this service, by its own mutations.
    async record(events, session) {
      await record(events, session)
      await store(events, session)
    },
    list: createListDeadEvents(deadLetters),
  }
}

/** Brings dead letters of this service into the list. */
export function createListDeadEvents(deadLetters: LetterCollection): ListDeadEvents {
  const store = createStore(deadLetters)
  return (events, at, session) =>
    store(
      events.map((event) => toAddedEvent(event, at)),
      session,
    )
}

/** @throws UnreadableEventError */
function createStore(deadLetters: LetterCollection) {
  return async (events: readonly DomainEvent[], session: ClientSession): Promise<void> => {
    const writes = events.flatMap((event) => {
      const listed = readEvent(TYPES, event)
      if (listed instanceof UnreadableEventError) throw listed
      return listed === null ? [] : toWrites(listed)
    })
    if (writes.length > 0) await deadLetters.bulkWrite(writes, { session })
  }
}

function toWrites(event: Listed): readonly AnyBulkWriteOperation<LetterDocument>[] {
  if (event.type === 'dead_letter.added') return [toUpsert(event)]
  const at = new Date(event.at)
  const state = event.type === 'dead_letters.replayed' ? ('RETRIED' as const) : ('DISCARDED' as const)
  const handling = { actor: event.actor, reason: '', at }
  const named = { _id: { $in: event.data.ids }, kind: 'EVENT' as const, state: 'OPEN' as const }
  return [{ updateMany: { filter: named, update: { $set: { state, handling, expiresAt: expiryOf(at) } } } }]
}

function toUpsert({ data }: EventOf<'dead_letter.added'>): AnyBulkWriteOperation<LetterDocument> {
  const { id, group, stream, sequence, eventId, eventType, subject, reason, attempts, payload, failedAt } = data
  const at = new Date(failedAt)
  const code = eventId === null ? ('EVENT_UNREADABLE' as const) : ('EVENT_NOT_APPLIED' as const)
  // A text that is no event stays one.
  const retry = eventId === null ? {} : { retry: 'EVENT' as const }
  const facts = {
    kind: 'EVENT' as const,
    service: group,
    type: eventType,
    code,
    reason,
    attempts,
    payload: pack(payload),
  }
  const event = { id: eventId, stream, sequence, subject }
  return {
    updateOne: {
      filter: { _id: id },
      update: {
        $set: { ...facts, ...retry, event, state: 'OPEN', lastFailedAt: at },
        $setOnInsert: { firstFailedAt: at },
        $unset: { handling: 1, expiresAt: 1 },
      },
      upsert: true,
    },
  }
}

import type { ClientSession, Collection, Db } from 'mongodb'
import { openCollections } from '../stores/collections.ts'
import type { DomainEvent } from './envelope.ts'
import { OUTBOX, type OutboxDocument } from './event-collections.ts'

/** Documents read at once: each holds up to some hundred events. */
export const READ_MAX = 100

export type Outbox = Readonly<{
  /** Stores events beside the change that caused them: `session` is the transaction of that change. */
  add: (events: readonly DomainEvent[], session: ClientSession) => Promise<void>
  /** Wakes the relay after a commit, so that it does not wait for its next sweep. */
  wake: () => void
}>

/** Its texts are ours, so they are read without the check of each character, which took longer than the rest of reading. */
export function outboxCollection(db: Db): Collection<OutboxDocument> {
  return db.collection<OutboxDocument>(OUTBOX.name, { enableUtf8Validation: false })
}

/**
 * The oldest documents of an outbox, in order, at most READ_MAX. Events of one entity have different moments, so
 * that the order by moment is the order in which each entity changed.
 */
export async function readUnpublished(outbox: Collection<OutboxDocument>, session?: ClientSession) {
  const found = outbox.find({}, session ? { session } : {}).sort({ at: 1, _id: 1 })
  return (await found.limit(READ_MAX).toArray()).map(withEvents)
}

/**
 * An earlier version stored each event in a document of its own. A document in an unknown form is published as a text
 * that is no event, and so becomes a dead letter: it must not hold up what is behind it.
 */
function withEvents(document: OutboxDocument & { event?: unknown }): OutboxDocument {
  const { _id, at, event, events } = document
  if (typeof event === 'string') return { _id, at, events: [event] }
  const isKnown = Array.isArray(events) && events.every((text) => typeof text === 'string')
  return { _id, at, events: isKnown ? events : [JSON.stringify(document)] }
}

/** Creates the indexes of the outbox. */
export async function prepareOutbox(db: Db): Promise<void> {
  await openCollections(db, { OUTBOX })
}

export function createOutbox(db: Db, wake: () => void): Outbox {
  const outbox = outboxCollection(db)
  return {
    wake,
    async add(events, session) {
      if (events.length === 0) return
      await outbox.insertMany([...Map.groupBy(events, ({ at }) => at).values()].map(toDocument), { session })
    },
  }
}

function toDocument(events: readonly DomainEvent[]): OutboxDocument {
  const { id, at } = events[0]!
  return { _id: id, at: new Date(at), events: events.map((event) => JSON.stringify(event)) }
}

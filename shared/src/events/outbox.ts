import type { ClientSession, Collection, Db } from 'mongodb'
import { openCollections } from '../stores/collections.ts'
import type { DomainEvent } from './envelope.ts'
import { OUTBOX, type OutboxDocument } from './event-collections.ts'

export type Outbox = Readonly<{
  /** Stores events beside the change that caused them: `session` is the transaction of that change. */
  add: (events: readonly DomainEvent[], session: ClientSession) => Promise<void>
  /** Wakes the relay after a commit, so that it does not wait for its next sweep. */
  wake: () => void
}>

export function outboxCollection(db: Db): Collection<OutboxDocument> {
  return db.collection<OutboxDocument>(OUTBOX.name)
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
      const documents = events.map((event) => ({
        _id: event.id,
        at: new Date(event.at),
        event: JSON.stringify(event),
      }))
      await outbox.insertMany(documents, { session })
    },
  }
}

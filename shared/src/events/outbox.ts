import type { ClientSession, Collection, Db } from 'mongodb'
import { DAY_SECONDS } from '../time.ts'
import type { DomainEvent } from './envelope.ts'

/** Published events are kept this long, to be published again if Redis is lost. */
const KEPT_SECONDS = DAY_SECONDS

export type OutboxDocument = {
  _id: string
  at: Date
  published: boolean
  publishedAt?: Date
  /** The event as it will be published, to the letter. */
  event: string
}

export type Outbox = Readonly<{
  /** Stores events beside the change they tell of: `session` is the change's own transaction. */
  add: (events: readonly DomainEvent[], session: ClientSession) => Promise<void>
  /** Tells the relay that something was committed, so that it need not wait for its next sweep. */
  wake: () => void
}>

export function outboxCollection(db: Db): Collection<OutboxDocument> {
  return db.collection<OutboxDocument>('outbox')
}

/** Creates what the outbox needs in the database. */
export async function prepareOutbox(db: Db): Promise<void> {
  await outboxCollection(db).createIndexes([
    { key: { at: 1, _id: 1 }, name: 'unpublished', partialFilterExpression: { published: false } },
    { key: { publishedAt: 1 }, name: 'expiry', expireAfterSeconds: KEPT_SECONDS },
  ])
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
        published: false,
        event: JSON.stringify(event),
      }))
      await outbox.insertMany(documents, { session })
    },
  }
}

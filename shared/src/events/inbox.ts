import type { ClientSession, Db, MongoClient } from 'mongodb'
import { inTransaction } from '../stores/mongo.ts'
import type { DomainEvent } from './envelope.ts'
import { type InboxDocument, inboxOf } from './event-collections.ts'

export type Apply = (events: readonly DomainEvent[], session: ClientSession) => Promise<void>
export type Inbox = Readonly<{
  /** Applies the events that were not applied before, all or none. */
  apply: (events: readonly DomainEvent[]) => Promise<void>
}>

type Options = Readonly<{ mongo: MongoClient; db: Db; group: string; apply: Apply }>

/** Stores the id of each applied event in the transaction of its effect, so that a second delivery changes nothing. */
export function createInbox({ mongo, db, group, apply }: Options): Inbox {
  const inbox = db.collection<InboxDocument>(inboxOf(group).name)

  const unseen = async (events: readonly DomainEvent[], session: ClientSession) => {
    const byId = new Map(events.map((event) => [event.id, event]))
    const seen = inbox.find({ _id: { $in: [...byId.keys()] } }, { session, projection: { _id: 1 } })
    for await (const { _id } of seen) byId.delete(_id)
    return [...byId.values()]
  }

  return {
    apply: (events) =>
      inTransaction(mongo, async (session) => {
        const fresh = await unseen(events, session)
        if (fresh.length === 0) return
        const at = new Date()
        await inbox.insertMany(
          fresh.map(({ id }) => ({ _id: id, at })),
          { session },
        )
        await apply(fresh, session)
      }),
  }
}

import type { Db } from 'mongodb'
import type { DomainEvent } from '../events/envelope.ts'
import { outboxCollection } from '../events/outbox.ts'

/** All events of an outbox, in the order in which they will be published. */
export async function outboxEvents(db: Db): Promise<readonly DomainEvent[]> {
  const documents = await outboxCollection(db).find({}).sort({ at: 1, _id: 1 }).toArray()
  return documents.flatMap(({ events }) => events.map((text): DomainEvent => JSON.parse(text)))
}

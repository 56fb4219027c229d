import type { ClientSession, Collection } from 'mongodb'
import { parseEvent } from '../envelope.ts'
import type { DeadEvent } from '../event-collections.ts'
import { entityOf } from '../log/set-aside.ts'

type Waking = Readonly<{ found: readonly DeadEvent[]; at: Date; session: ClientSession }>

/** Makes dead letters wait for a first attempt again. Gives the ids of those that wait now: a text that is still not an event stays a dead letter. */
export async function makeWait(
  collection: Collection<DeadEvent>,
  { found, at, session }: Waking,
): Promise<readonly string[]> {
  const waiting = found.flatMap(({ _id, text }) => {
    const event = parseEvent(text)
    return event === null ? [] : [{ _id, $set: { entity: entityOf(event), attempts: 0, nextAttemptAt: at } }]
  })
  if (waiting.length === 0) return []
  const writes = waiting.map(({ _id, $set }) => ({ updateOne: { filter: { _id }, update: { $set } } }))
  await collection.bulkWrite(writes, { session, ordered: false })
  return waiting.map(({ _id }) => _id)
}

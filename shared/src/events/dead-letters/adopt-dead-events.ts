import type { Db } from 'mongodb'
import { EVENTS, type EventType } from '../catalogue.ts'
import { parseEvent, type StreamName } from '../envelope.ts'
import { deadEventCollection } from './dead-events.ts'

const ADOPTED_MAX = 10_000

/** Completes the dead events of an earlier version, which have neither a stream nor attempts: they are dead letters. */
export async function adoptDeadEvents(db: Db, group: string, streams: readonly StreamName[]): Promise<void> {
  const events = deadEventCollection(db)
  const old = await events
    .find({ group, stream: { $exists: false } })
    .limit(ADOPTED_MAX)
    .toArray()
  if (old.length === 0) return
  const writes = old.map(({ _id, text }) => {
    const type = parseEvent(text)?.type ?? null
    const known = type !== null && type in EVENTS ? EVENTS[type as EventType].stream : null
    const facts = { stream: known ?? streams[0]!, sequence: 0, entity: null, eventType: type, attempts: 0 }
    return { updateOne: { filter: { _id }, update: { $set: { ...facts, nextAttemptAt: null } } } }
  })
  await events.bulkWrite(writes, { ordered: false })
}

import type { Db } from 'mongodb'
import { type Migration, walkCollection } from '../../stores/migrations/migration.ts'
import { EVENTS, type EventType } from '../catalogue.ts'
import { parseEvent, type StreamName } from '../envelope.ts'
import { DEAD_EVENTS, type DeadEvent } from '../event-collections.ts'
import { createOutbox } from '../outbox.ts'
import { createPublishDeadEvents, type ListDeadEvents } from './list-dead-events.ts'

type Options = Readonly<{
  group: string
  /** The stream of an event whose text does not tell it. */
  stream: StreamName
  /** By an event in the outbox where not given. */
  listIn?: (db: Db) => ListDeadEvents
}>

const byOutbox = (db: Db) => createPublishDeadEvents(createOutbox(db, () => {}).add)

/** The migrations of the dead events of a consumer group. */
export function deadEventMigrations({ group, stream, listIn = byOutbox }: Options): readonly Migration[] {
  const collection = DEAD_EVENTS.name
  return [
    walkCollection<DeadEvent>({
      id: 'complete-dead-events',
      description: 'Gives events that could not be applied their stream and their number of attempts.',
      collection,
      filter: { group, stream: { $exists: false } },
      change: (events) => events.map((event) => toCompletion(event, stream)),
    }),
    walkCollection<DeadEvent>({
      id: 'list-dead-events',
      description: 'Brings dead letters of events into the list of all services.',
      collection,
      filter: { group, nextAttemptAt: null, listed: { $exists: false } },
      async change(events, { db, session }) {
        await listIn(db)(events, new Date(), session)
        return events.map(({ _id }) => ({ updateOne: { filter: { _id }, update: { $set: { listed: true } } } }))
      },
    }),
  ]
}

/** An event without a stream is a dead letter: it was set aside before there were attempts. */
function toCompletion({ _id, text }: Pick<DeadEvent, '_id' | 'text'>, stream: StreamName) {
  const type = parseEvent(text)?.type ?? null
  const known = type !== null && type in EVENTS ? EVENTS[type as EventType].stream : null
  const facts = { stream: known ?? stream, sequence: 0, entity: null, eventType: type, attempts: 0 }
  return { updateOne: { filter: { _id }, update: { $set: { ...facts, nextAttemptAt: null } } } }
}

import type { Db, Filter, MongoClient } from 'mongodb'
import type { Connection, PageArguments } from '../../connection.ts'
import { inTransaction } from '../../stores/mongo.ts'
import { readPage } from '../../stores/pagination.ts'
import { newEvent } from '../catalogue.ts'
import { asNew, type Cause, parseEvent } from '../envelope.ts'
import type { DeadEvent } from '../event-collections.ts'
import { deadEventCollection } from './dead-events.ts'
import type { RecordEvents } from './dead-letter-alerts.ts'
import { makeWait } from './make-wait.ts'

/** Dead letters that one call replays; more need another call. */
const REPLAYED_MAX = 1_000
const NEWEST_FIRST = { field: 'at', direction: -1 } as const

/** An event that a group could not apply. `nextAttemptAt` is null for a dead letter, which nothing tries again. */
export type DeadLetter = Readonly<{
  id: string
  group: string
  stream: string
  sequence: number
  eventId: string | null
  eventType: string | null
  entityType: string | null
  entityId: string | null
  reason: string
  attempts: number
  nextAttemptAt: Date | null
  at: Date
}>

export type DeadLetterFilter = Readonly<{
  stream?: string | null
  eventType?: string | null
  /** Only dead letters, or only events that are tried again; both where not given. */
  isDead?: boolean | null
}>

/** Replays dead letters by id; all of the group where no ids are given. */
export type ReplayCommand = Readonly<{ ids: readonly string[] | null; cause: Cause }>
/** `isComplete` is false where there are more dead letters than one call replays. */
export type Replay = Readonly<{ replayed: number; isComplete: boolean }>

export type DeadLetters = Readonly<{
  page: (filter: DeadLetterFilter, page: PageArguments) => Promise<Connection<DeadLetter>>
  /**
   * Makes dead letters wait for a first attempt again, and records that in the same transaction. Those that wait already
   * or were applied meanwhile are left as they are, so that a repeat changes nothing.
   */
  replay: (command: ReplayCommand) => Promise<Replay>
}>

type Options = Readonly<{ mongo: MongoClient; db: Db; group: string; record: RecordEvents; now: () => Date }>

/** The events that a group could not apply, in the database of the service that the group belongs to. */
export function createDeadLetters({ mongo, db, group, record, now }: Options): DeadLetters {
  const collection = deadEventCollection(db)
  return {
    page: (filter, page) =>
      readPage({ collection, filter: toQuery(group, filter), order: NEWEST_FIRST, page, toNode: toDeadLetter }),
    replay: ({ ids, cause }) =>
      inTransaction(mongo, async (session) => {
        const wanted = { group, nextAttemptAt: null, ...(ids !== null && { _id: { $in: [...ids] } }) }
        const found = await collection.find(wanted, { session }).sort({ at: 1, _id: 1 }).limit(REPLAYED_MAX).toArray()
        const at = now()
        const replayed = await makeWait(collection, { found, at, session })
        if (replayed.length > 0) await record([replayedEvent(group, { ids: replayed, at, cause })], session)
        return { replayed: replayed.length, isComplete: found.length < REPLAYED_MAX }
      }),
  }
}

function replayedEvent(
  group: string,
  { ids, at, cause }: Readonly<{ ids: readonly string[]; at: Date; cause: Cause }>,
) {
  return newEvent('dead_letters.replayed', {
    id: `dead_letters-${group}-replayed-${at.getTime()}-${cause.requestId ?? cause.actor}`,
    ...{ at, cause, entity: { type: 'ConsumerGroup', id: group } as const },
    changes: asNew({ replayed: ids }),
    data: { group, ids: [...ids] },
  })
}

function toQuery(group: string, { stream, eventType, isDead }: DeadLetterFilter): Filter<DeadEvent> {
  return {
    group,
    ...(stream != null && { stream: stream as DeadEvent['stream'] }),
    ...(eventType != null && { eventType }),
    ...(isDead != null && { nextAttemptAt: isDead ? null : { $gt: new Date(0) } }),
  }
}

function toDeadLetter({
  _id,
  text,
  group,
  stream,
  sequence,
  reason,
  attempts,
  nextAttemptAt,
  at,
}: DeadEvent): DeadLetter {
  const event = parseEvent(text)
  return {
    ...{ id: _id, group, stream, sequence, reason, attempts, nextAttemptAt, at },
    eventId: event?.id ?? null,
    eventType: event?.type ?? null,
    entityType: event?.entity.type ?? null,
    entityId: event?.entity.id ?? null,
  }
}

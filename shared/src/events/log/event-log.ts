import { randomUUID } from 'node:crypto'
import type { ClientSession, Collection, Db, Filter, MongoClient, Sort } from 'mongodb'
import { openCollections } from '../../stores/collections.ts'
import { inTransaction, isDuplicateKey } from '../../stores/mongo.ts'
import { EVENT_LOG, EVENT_LOG_GROUPS, type OutboxDocument, type SegmentDocument } from '../event-collections.ts'
import { outboxCollection, READ_MAX, readUnpublished } from '../outbox.ts'
import type { LogEntry, SealedHead } from './log-entry.ts'

/** A segment is one document, and MongoDB's documents have at most 16 MiB. */
const SEGMENT_EVENTS_MAX = 500
const SEGMENT_CHARACTERS_MAX = 2_000_000
const SEGMENTS_READ_MAX = 4
const ID_ONLY = { projection: { _id: 1 } }

export type EventLog = Readonly<{
  /** Moves committed events from the outbox to the log, oldest first, up to one segment; gives the new head. */
  seal: () => Promise<Sealed>
  readHead: () => Promise<SealedHead>
  /** Entries from `sequence` on, oldest first, a few segments at most; none where there are none. */
  read: (sequence: number) => Promise<readonly LogEntry[]>
  /** The sequence of the oldest entry that is kept; of the next one to come where none is. */
  readOldest: () => Promise<number>
  /** The sequence of the first entry that was sealed at `since` or later; of the next one to come where none was. */
  findSealedSince: (since: Date) => Promise<number>
  /** Begins a new epoch in place of `ended`, for a log that was restored from an older copy; only one, however often it is called. */
  startEpoch: (ended: string) => Promise<SealedHead>
  /** Removes segments that end at or below `sequence` and were sealed before `before`. The newest one stays. */
  remove: (upTo: Readonly<{ sequence: number; before: Date }>) => Promise<void>
}>

/**
 * `before` is when the segment before these entries was sealed, and `more` says that the outbox has events beyond them.
 */
export type Sealed = Readonly<{ before: number; head: SealedHead; entries: readonly LogEntry[]; more: boolean }>

export function segmentCollection(db: Db): Collection<SegmentDocument> {
  return db.collection<SegmentDocument>(EVENT_LOG.name)
}

/** Creates the first, empty segment: a log has an epoch before it has events. */
export async function prepareEventLog(db: Db): Promise<void> {
  const segments = segmentCollection(db)
  await openCollections(db, { EVENT_LOG, EVENT_LOG_GROUPS })
  const newest = await segments.find({}, ID_ONLY).sort({ _id: -1 }).limit(1).next()
  if (newest !== null) return
  const genesis = { last: 0, epoch: newEpoch(), events: [], sealedAt: new Date() }
  await segments.updateOne({ _id: 0 }, { $setOnInsert: genesis }, { upsert: true })
}

/**
 * The log of all events that a service has published, in MongoDB. Two relays that seal at the same time collide on
 * the `_id` of their segment: one transaction commits, the other gives the head as it then is.
 */
export function createEventLog({ mongo, db }: Readonly<{ mongo: MongoClient; db: Db }>): EventLog {
  const segments = segmentCollection(db)
  const nextSequence = async () => (await readHead(segments)).sequence + 1

  return {
    seal: createSeal(mongo, segments, outboxCollection(db)),
    readHead: () => readHead(segments),
    async read(sequence) {
      const holder = await findId(segments, { _id: { $lte: sequence } }, { _id: -1 })
      const from = { _id: { $gte: holder ?? sequence } }
      const found = await segments.find(from).sort({ _id: 1 }).limit(SEGMENTS_READ_MAX).toArray()
      const entries = found.flatMap(({ _id, events }) => events.map((text, index) => ({ sequence: _id + index, text })))
      return entries.filter((entry) => entry.sequence >= sequence)
    },
    async readOldest() {
      return (await findId(segments, { _id: { $gt: 0 } }, { _id: 1 })) ?? nextSequence()
    },
    async findSealedSince(since) {
      const sealed = { sealedAt: { $gte: since }, _id: { $gt: 0 } }
      return (await findId(segments, sealed, { sealedAt: 1 })) ?? nextSequence()
    },
    async startEpoch(ended) {
      const { first } = await readHead(segments)
      await segments.updateOne({ _id: first, epoch: ended }, { $set: { epoch: newEpoch() } })
      return readHead(segments)
    },
    async remove({ sequence, before }) {
      const { first } = await readHead(segments)
      await segments.deleteMany({ sealedAt: { $lt: before }, last: { $lte: sequence }, _id: { $lt: first } })
    },
  }
}

type Segments = Collection<SegmentDocument>

async function readHead(segments: Segments, session?: ClientSession): Promise<SealedHead & { first: number }> {
  const options = { projection: { epoch: 1, last: 1, sealedAt: 1 }, ...(session && { session }) }
  const newest = await segments.find({}, options).sort({ _id: -1 }).limit(1).next()
  if (newest === null) throw new Error('The event log was not prepared.')
  const { _id: first, epoch, last: sequence, sealedAt } = newest
  return { first, epoch, sequence, sealedAtMs: sealedAt.getTime() }
}

async function findId(segments: Segments, filter: Filter<SegmentDocument>, order: Sort): Promise<number | null> {
  const found = await segments.find(filter, ID_ONLY).sort(order).limit(1).next()
  return found?._id ?? null
}

function createSeal(mongo: MongoClient, segments: Segments, outbox: Collection<OutboxDocument>) {
  const moveBatch = async (session: ClientSession): Promise<Sealed> => {
    const head = await readHead(segments, session)
    const found = await readUnpublished(outbox, session)
    if (found.length === 0) return nothingSealed(head)

    const batch = cutToSize(found)
    const events = batch.flatMap((document) => document.events)
    const first = head.sequence + 1
    const last = head.sequence + events.length
    const { epoch } = head
    const sealedAt = new Date()
    await segments.insertOne({ _id: first, last, epoch, events, sealedAt }, { session })
    await outbox.deleteMany({ _id: { $in: batch.map(({ _id }) => _id) } }, { session })
    return {
      before: head.sealedAtMs,
      head: { epoch, sequence: last, sealedAtMs: sealedAt.getTime() },
      entries: events.map((text, index) => ({ sequence: first + index, text })),
      more: found.length === READ_MAX || batch.length < found.length,
    }
  }

  let isBusy = false
  return async (): Promise<Sealed> => {
    // Most rounds find nothing, and need no transaction to see it; most that follow one with events find some.
    if (!isBusy && (await outbox.findOne({}, ID_ONLY)) === null) return nothingSealed(await readHead(segments))
    try {
      const sealed = await inTransaction(mongo, moveBatch)
      isBusy = sealed.entries.length > 0
      return sealed
    } catch (error) {
      if (isDuplicateKey(error)) return nothingSealed(await readHead(segments))
      throw error
    }
  }
}

const nothingSealed = (head: SealedHead): Sealed => ({ before: head.sealedAtMs, head, entries: [], more: false })

/** The first documents, as many as fit into a segment; one at least. */
function cutToSize(documents: readonly OutboxDocument[]): readonly OutboxDocument[] {
  let [count, characters] = [0, 0]
  const end = documents.findIndex(({ events }, index) => {
    count += events.length
    for (const event of events) characters += event.length
    return (count > SEGMENT_EVENTS_MAX || characters > SEGMENT_CHARACTERS_MAX) && index > 0
  })
  return end === -1 ? documents : documents.slice(0, end)
}

const newEpoch = () => randomUUID().slice(0, 8)

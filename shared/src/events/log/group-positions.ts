import type { ClientSession, Collection, Db } from 'mongodb'
import { GROUPS_OF_STREAM, type StreamName } from '../envelope.ts'
import { EVENT_LOG_GROUPS, type GroupDocument } from '../event-collections.ts'
import type { Position } from './log-entry.ts'

export function groupCollection(db: Db): Collection<GroupDocument> {
  return db.collection<GroupDocument>(EVENT_LOG_GROUPS.name)
}

export async function storeReports(db: Db, reports: ReadonlyMap<string, Position>, reportedAt: Date): Promise<void> {
  if (reports.size === 0) return
  const writes = [...reports].map(([group, { epoch, sequence }]) => ({
    updateOne: { filter: { _id: group }, update: { $set: { epoch, sequence, reportedAt } }, upsert: true },
  }))
  await groupCollection(db).bulkWrite(writes, { ordered: false })
}

/** The sequence up to which all groups of a stream have applied it; 0 where one of them never reported. */
export async function findApplied(db: Db, stream: StreamName, epoch: string): Promise<number> {
  const ids = [...GROUPS_OF_STREAM[stream]]
  const known = await groupCollection(db)
    .find({ _id: { $in: ids }, epoch })
    .toArray()
  return known.length < ids.length ? 0 : Math.min(...known.map(({ sequence }) => sequence))
}

/** Adds the groups of a stream that have never reported, so that their absence is noticed too. */
export async function registerGroups(db: Db, stream: StreamName, now: Date): Promise<void> {
  for (const _id of GROUPS_OF_STREAM[stream]) {
    const $setOnInsert = { epoch: null, sequence: 0, reportedAt: now }
    await groupCollection(db).updateOne({ _id }, { $setOnInsert }, { upsert: true })
  }
}

/** The groups of a stream that have not reported since a moment, and whose absence no alert was raised for. */
export async function findGone(db: Db, stream: StreamName, since: Date): Promise<readonly GroupDocument[]> {
  const _id = { $in: [...GROUPS_OF_STREAM[stream]] }
  const gone = await groupCollection(db)
    .find({ _id, reportedAt: { $lt: since } })
    .toArray()
  return gone.filter(({ reportedAt, alertedFor }) => alertedFor?.getTime() !== reportedAt.getTime())
}

/** Marks the absence of a group as one that an alert is raised for. False where it is marked already, or the group is back. */
export async function markAlerted(
  db: Db,
  { _id, reportedAt }: GroupDocument,
  session: ClientSession,
): Promise<boolean> {
  const unmarked = { _id, reportedAt, alertedFor: { $ne: reportedAt } }
  const marked = await groupCollection(db).updateOne(unmarked, { $set: { alertedFor: reportedAt } }, { session })
  return marked.modifiedCount === 1
}

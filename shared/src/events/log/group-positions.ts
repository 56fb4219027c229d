import type { Collection, Db } from 'mongodb'
import { GROUPS_OF_STREAM, type StreamName } from '../envelope.ts'
import { EVENT_LOG_GROUPS, type GroupDocument } from '../event-collections.ts'
import type { Position } from './log-entry.ts'

export function groupCollection(db: Db): Collection<GroupDocument> {
  return db.collection<GroupDocument>(EVENT_LOG_GROUPS.name)
}

export async function storeReports(db: Db, reports: ReadonlyMap<string, Position>, reportedAt: Date): Promise<void> {
  if (reports.size === 0) return
  const writes = [...reports].map(([group, position]) => ({
    updateOne: { filter: { _id: group }, update: { $set: { ...position, reportedAt } }, upsert: true },
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

import type { IssueType } from '@redress/shared/contracts.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import type { Document } from 'mongodb'
import type { Collections } from '../../stores/collections.ts'
import type { RecentIssue } from '../domain/decision-case.ts'

const HISTORY_DAYS = 90
const HISTORY_MAX = 50

type Row = Readonly<{ _id: string; customerId: string; type: IssueType; createdAt: Date }>

/**
 * The latest issues of customers, archived ones included, in one round trip: 90 days, at most 50 each, newest first. Each
 * part names its customer, so that a sharded database asks only the shard of that one. Never within a transaction, where
 * MongoDB has no unions.
 */
export async function findHistory(
  { issues, archivedIssues }: Pick<Collections, 'issues' | 'archivedIssues'>,
  customerIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, readonly RecentIssue[]>> {
  const since = new Date(now.getTime() - HISTORY_DAYS * DAY_MS)
  const [first, ...others] = customerIds.flatMap((id) => {
    const pipeline = latestIssuesOf(id, since)
    return [issues, archivedIssues].map(({ collectionName: coll }) => ({ coll, pipeline }))
  })
  if (first === undefined) return new Map()
  const unions = others.map(($unionWith) => ({ $unionWith }))
  const rows = await issues.aggregate<Row>([...first.pipeline, ...unions]).toArray()
  const byCustomer = Map.groupBy(rows, ({ customerId }) => customerId)
  return new Map([...byCustomer].map(([id, ofCustomer]) => [id, toLatest(ofCustomer)]))
}

const latestIssuesOf = (customerId: string, since: Date): Document[] => [
  { $match: { customerId, createdAt: { $gte: since } } },
  { $sort: { createdAt: -1, _id: -1 } },
  { $limit: HISTORY_MAX },
  { $project: { customerId: 1, type: 1, createdAt: 1 } },
]

/** Those of both collections. */
function toLatest(rows: readonly Row[]): readonly RecentIssue[] {
  const newestFirst = rows.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a._id < b._id ? 1 : -1))
  return newestFirst.slice(0, HISTORY_MAX).map(({ _id: id, type }) => ({ id, type }))
}

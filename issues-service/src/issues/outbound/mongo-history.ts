import type { IssueType } from '@redress/shared/contracts.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import type { Document } from 'mongodb'
import type { Collections } from '../../stores/collections.ts'
import type { RecentIssue } from '../domain/decision-case.ts'

const HISTORY_DAYS = 90
const HISTORY_MAX = 50

type Row = Readonly<{ _id: string; customerId: string; type: IssueType; createdAt: Date }>

type Stores = Pick<Collections, 'issues' | 'archivedIssues'>

/**
 * The latest issues of customers, archived ones included: 90 days, at most 50 each, newest first. Each query names its
 * customers, so that a sharded database asks only their shards. Never within a transaction, where MongoDB has no unions.
 */
export async function findHistory(
  stores: Stores,
  customerIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, readonly RecentIssue[]>> {
  if (customerIds.length === 0) return new Map()
  const since = new Date(now.getTime() - HISTORY_DAYS * DAY_MS)
  const together = customerIds.length > 1 ? await findTogether(stores, customerIds, since) : null
  const byCustomer = Map.groupBy(
    together ?? (await findEach(stores, customerIds, since)),
    ({ customerId }) => customerId,
  )
  return new Map([...byCustomer].map(([id, ofCustomer]) => [id, toLatest(ofCustomer)]))
}

const FIELDS = { customerId: 1, type: 1, createdAt: 1 } as const

/** All issues of the customers since a moment, which cost far less than those of each; null for more than those may be. */
async function findTogether(
  { issues, archivedIssues }: Stores,
  customerIds: readonly string[],
  since: Date,
): Promise<readonly Row[] | null> {
  const rowsMax = HISTORY_MAX * customerIds.length
  const wanted = { customerId: { $in: [...customerIds] }, createdAt: { $gte: since } }
  const found = await Promise.all(
    [issues, archivedIssues].map((store) =>
      store
        .find(wanted)
        .project<Row>(FIELDS)
        .limit(rowsMax + 1)
        .toArray(),
    ),
  )
  const rows = found.flat()
  return rows.length > rowsMax ? null : rows
}

/** The latest issues of each customer, in one round trip. */
function findEach(
  { issues, archivedIssues }: Stores,
  customerIds: readonly string[],
  since: Date,
): Promise<readonly Row[]> {
  const [first, ...others] = customerIds.flatMap((id) => {
    const pipeline = latestIssuesOf(id, since)
    return [issues, archivedIssues].map(({ collectionName: coll }) => ({ coll, pipeline }))
  })
  const unions = others.map(($unionWith) => ({ $unionWith }))
  return issues.aggregate<Row>([...first!.pipeline, ...unions]).toArray()
}

const latestIssuesOf = (customerId: string, since: Date): Document[] => [
  { $match: { customerId, createdAt: { $gte: since } } },
  { $sort: { createdAt: -1, _id: -1 } },
  { $limit: HISTORY_MAX },
  { $project: FIELDS },
]

/** Those of both collections. */
function toLatest(rows: readonly Row[]): readonly RecentIssue[] {
  const newestFirst = rows.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a._id < b._id ? 1 : -1))
  return newestFirst.slice(0, HISTORY_MAX).map(({ _id: id, type }) => ({ id, type }))
}

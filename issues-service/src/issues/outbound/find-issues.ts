import type { OfTenant } from '@redress/shared/access/tenant.ts'
import type { ClientSession } from 'mongodb'
import type { Collections, IssueDocument } from '../../stores/collections.ts'

type Where = Readonly<{ ours: OfTenant; session?: ClientSession }>

/**
 * Issues by their ids, in no order, also archived ones. Those that were not found are looked up in the archive afterwards: an
 * issue that is archived in between is in one of the two.
 */
export async function findIssuesById(
  { issues, archivedIssues }: Pick<Collections, 'issues' | 'archivedIssues'>,
  ids: readonly string[],
  { ours, session }: Where,
): Promise<readonly IssueDocument[]> {
  const within = session ? { session } : {}
  const live = await issues.find({ _id: { $in: [...ids] }, ...ours }, within).toArray()
  const found = new Set(live.map(({ _id }) => _id))
  const others = ids.filter((id) => !found.has(id))
  if (others.length === 0) return live
  return [...live, ...(await archivedIssues.find({ _id: { $in: others }, ...ours }, within).toArray())]
}

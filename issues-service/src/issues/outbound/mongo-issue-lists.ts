import type { OfTenant } from '@redress/shared/access/tenant.ts'
import type { Priority } from '@redress/shared/contracts.ts'
import { within } from '@redress/shared/stores/moments.ts'
import { readPages } from '@redress/shared/stores/pages.ts'
import { readPage } from '@redress/shared/stores/pagination.ts'
import { type Clock, HOUR_MS } from '@redress/shared/time.ts'
import type { Filter } from 'mongodb'
import { type Collections, type IssueDocument, toIssue } from '../../stores/collections.ts'
import type { IssueFilter, Views } from '../../views/views.ts'
import type { DueHours } from '../domain/urgency.ts'

const NEWEST_FIRST = { field: 'createdAt', direction: -1 } as const
const MOST_URGENT_FIRST = { field: 'urgentAt', direction: 1 } as const

type IssueLists = Pick<Views, 'pageOfIssues' | 'pageOfArchivedIssues' | 'pageOfReviewQueue' | 'pagesOfIssues'>

/** The lists of issues. */
export function createIssueLists(
  { issues, archivedIssues }: Pick<Collections, 'issues' | 'archivedIssues'>,
  { ours, dueHours, now }: Readonly<{ ours: OfTenant; dueHours: DueHours; now: Clock }>,
): IssueLists {
  const list = { collection: issues, order: NEWEST_FIRST, toNode: toIssue }
  const conditionsOf = (filter: IssueFilter) => ({ ...ours, ...toConditions(filter, dueHours, now()) })
  return {
    pageOfIssues: (filter, page) => readPage({ ...list, filter: conditionsOf(filter), page }),
    pageOfArchivedIssues: (filter, page) =>
      readPage({ ...list, collection: archivedIssues, filter: conditionsOf(filter), page }),
    pageOfReviewQueue({ filter, availableTo }, page) {
      const waiting = [{ status: 'AWAITING_REVIEW' as const }, conditionsOf(filter), toAvailable(availableTo, now())]
      return readPage({ ...list, filter: { $and: waiting }, order: MOST_URGENT_FIRST, page })
    },
    pagesOfIssues: ({ field: ownerField, ids: owners }, filter, page) =>
      readPages({ ...list, filter: conditionsOf(filter), page, ownerField, owners }),
  }
}

function toConditions(
  {
    status,
    type,
    priority,
    customerId,
    transactionId,
    from,
    to,
    createdAfter: after,
    createdBefore: before,
    overdue,
    assignee,
  }: IssueFilter,
  dueHours: DueHours,
  now: Date,
): Filter<IssueDocument> {
  const createdAt = within({ from, to, after, before })
  return {
    ...(status && { status: { $in: [...status] } }),
    ...(type && { type: { $in: [...type] } }),
    ...(priority && { priority: { $in: [...priority] } }),
    ...(customerId != null && { customerId }),
    ...(transactionId != null && { transactionId }),
    ...(assignee != null && { assignee }),
    ...(createdAt && { createdAt }),
    // Beside the status of the caller, not in its place.
    ...(overdue != null && { [overdue ? '$and' : '$nor']: [toOverdue(dueHours, now)] }),
  }
}

/** Unresolved ones whose due time has passed, by the moment of their creation. */
function toOverdue(dueHours: DueHours, now: Date): Filter<IssueDocument> {
  const late = Object.entries(dueHours).map(([priority, hours]) => ({
    priority: priority as Priority,
    createdAt: { $lt: new Date(now.getTime() - hours * HOUR_MS) },
  }))
  return { status: { $in: ['PENDING', 'PROCESSING', 'AWAITING_REVIEW', 'FAILED'] }, $or: late }
}

/** Those that no other person has claimed, or is to deal with. */
function toAvailable(person: string | null, now: Date): Filter<IssueDocument> {
  if (person === null) return {}
  const unclaimed = [{ reviewClaim: null }, { 'reviewClaim.until': { $lte: now } }, { 'reviewClaim.by': person }]
  return { $or: unclaimed, assignee: { $in: [null, person] } }
}

import { newEvent } from '@redress/shared/events/catalogue.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import { InvalidTransitionError } from '../../domain/errors.ts'
import type { Issue } from './issue.ts'
import type { ClaimChange, Reviewer } from './review-claim.ts'

export type Assignment = Readonly<{ to: string | null; reason: string }>

/**
 * Assigns an issue that is not resolved to a person, or to nobody; null where it is already. The claim of another person
 * ends. An assignment is no version of the issue, so that the version which a reviewer saw stays the present one.
 * @throws InvalidTransitionError
 */
export function assignIssue(
  issue: Issue,
  { to, reason }: Assignment,
  { eventId, cause, now }: Pick<Reviewer, 'cause' | 'now'> & Readonly<{ eventId: string }>,
): ClaimChange | null {
  const { id, status, assignee: before, reviewClaim, customerId } = issue
  if (status === 'RESOLVED') throw new InvalidTransitionError(status, 'AWAITING_REVIEW')
  if (to === before) return null
  const event = newEvent('issue.assigned', {
    ...{ id: `${id}-assignment-${eventId}`, at: now, cause, entity: { type: 'Issue', id } },
    changes: { assignee: { before, after: to } },
    data: { customerId, assignee: to, reason: maskPersonal(reason) },
  })
  const isClaimKept = to === null || reviewClaim?.by === to
  return { issue: { ...issue, assignee: to, reviewClaim: isClaimKept ? reviewClaim : null }, event }
}

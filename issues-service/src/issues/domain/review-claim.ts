import { newEvent } from '@redress/shared/events/catalogue.ts'
import type { Cause, DomainEvent } from '@redress/shared/events/envelope.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { InvalidTransitionError, IssueAssignedError, IssueClaimedError } from '../../domain/errors.ts'
import type { Issue, ReviewClaim } from './issue.ts'

/** How long a person has an issue for themselves, unless they claim it again. */
export const CLAIM_MS = 15 * MINUTE_MS

/** A person who acts on a review; `mayOverrule`: also on what another one has claimed. */
export type Reviewer = Readonly<{ cause: Cause; mayOverrule: boolean; now: Date }>

/** A claim that was made or given back, or an assignment, and its event. */
export type ClaimChange = Readonly<{ issue: Issue; event: DomainEvent }>

/** The claim that holds at a moment; null where there is none, or it has ended. */
export function claimAt({ reviewClaim }: Pick<Issue, 'reviewClaim'>, now: Date): ReviewClaim | null {
  return reviewClaim !== null && reviewClaim.until > now ? reviewClaim : null
}

/** @throws IssueAssignedError where the issue is assigned to another person. */
export function checkAssignee({ id, assignee }: Issue, { cause, mayOverrule }: Omit<Reviewer, 'now'>): void {
  if (assignee !== null && assignee !== cause.actor && !mayOverrule) throw new IssueAssignedError(id)
}

/** @throws IssueClaimedError where another person has claimed the issue. */
export function checkClaim(issue: Issue, { cause, mayOverrule, now }: Reviewer): void {
  const claim = claimAt(issue, now)
  if (claim !== null && claim.by !== cause.actor && !mayOverrule) throw new IssueClaimedError(issue.id, claim.until)
}

/**
 * Claims an issue that awaits a review for 15 minutes from now on, also again.
 * @throws InvalidTransitionError, IssueAssignedError, IssueClaimedError
 */
export function claimIssue(issue: Issue, eventId: string, reviewer: Reviewer): ClaimChange {
  if (issue.status !== 'AWAITING_REVIEW') throw new InvalidTransitionError(issue.status, 'RESOLVED')
  checkAssignee(issue, reviewer)
  checkClaim(issue, { ...reviewer, mayOverrule: false })
  const { cause, now } = reviewer
  const until = new Date(now.getTime() + CLAIM_MS)
  const event = newEvent('issue.claimed', {
    ...headOf(issue, eventId, reviewer),
    data: { customerId: issue.customerId, until: until.toISOString() },
  })
  return { issue: { ...issue, reviewClaim: { by: cause.actor, until } }, event }
}

/** Gives a claim back; null where there is none. @throws IssueClaimedError where it is another person's. */
export function releaseIssue(issue: Issue, eventId: string, reviewer: Reviewer): ClaimChange | null {
  checkClaim(issue, reviewer)
  if (claimAt(issue, reviewer.now) === null) return null
  const event = newEvent('issue.released', {
    ...headOf(issue, eventId, reviewer),
    data: { customerId: issue.customerId },
  })
  return { issue: { ...issue, reviewClaim: null }, event }
}

/** A claim is no version of the issue, so that the version which a reviewer saw stays the present one. */
const headOf = ({ id }: Issue, eventId: string, { cause, now }: Reviewer) =>
  ({ id: `${id}-claim-${eventId}`, at: now, cause, entity: { type: 'Issue', id } }) as const

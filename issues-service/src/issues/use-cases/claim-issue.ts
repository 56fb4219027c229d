import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { IssueNotFoundError } from '../../domain/errors.ts'
import type { CreateId } from '../../domain/ports.ts'
import type { Issue } from '../domain/issue.ts'
import { type ClaimChange, claimIssue, type Reviewer, releaseIssue } from '../domain/review-claim.ts'
import type { IssuesStore } from './ports.ts'

export type ClaimCommand = Readonly<{ issueId: string; cause: Cause; mayOverrule: boolean }>
/** @throws IssueNotFoundError, InvalidTransitionError unless it awaits a review, IssueClaimedError */
export type ClaimIssue = (command: ClaimCommand) => Promise<Issue>
/** @throws IssueNotFoundError, IssueClaimedError where the claim is another person's */
export type ReleaseIssue = (command: ClaimCommand) => Promise<Issue>

type Dependencies = Readonly<{ store: IssuesStore; createId: CreateId; now: Clock; onCommit: () => void }>
type Change = (issue: Issue, eventId: string, reviewer: Reviewer) => ClaimChange | null

/** Claims issues for their reviewers, and gives them back. */
export function createClaims(dependencies: Dependencies): Readonly<{ claim: ClaimIssue; release: ReleaseIssue }> {
  return { claim: createChange(claimIssue, dependencies), release: createChange(releaseIssue, dependencies) }
}

function createChange(change: Change, { store, createId, now, onCommit }: Dependencies) {
  return async ({ issueId, ...reviewer }: ClaimCommand): Promise<Issue> => {
    const changed = await store.transact(reviewer.cause.tenant, async (transaction) => {
      const issue = (await transaction.findIssues([issueId])).get(issueId)
      if (!issue) throw new IssueNotFoundError(issueId)
      const claim = change(issue, createId(), { ...reviewer, now: now() })
      if (claim === null) return issue
      await transaction.saveClaim(claim)
      return claim.issue
    })
    onCommit()
    return changed
  }
}

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

export type ChangeDependencies = Readonly<{ store: IssuesStore; createId: CreateId; now: Clock; onCommit: () => void }>
type Change = (issue: Issue, eventId: string, reviewer: Reviewer) => ClaimChange | null

/** Claims issues for their reviewers, and gives them back. */
export function createClaims(dependencies: ChangeDependencies): Readonly<{ claim: ClaimIssue; release: ReleaseIssue }> {
  return { claim: createChange(claimIssue, dependencies), release: createChange(releaseIssue, dependencies) }
}

function createChange(change: Change, dependencies: ChangeDependencies) {
  return (command: ClaimCommand): Promise<Issue> =>
    changeWork(command, dependencies, (issue, { eventId, now }) => change(issue, eventId, { ...command, now }))
}

/** Changes the claim or the assignment of an issue; stores nothing where `change` gives null. @throws IssueNotFoundError */
export async function changeWork(
  { issueId, cause: { tenant } }: Readonly<{ issueId: string; cause: Cause }>,
  { store, createId, now, onCommit }: ChangeDependencies,
  change: (issue: Issue, moment: Readonly<{ eventId: string; now: Date }>) => ClaimChange | null,
): Promise<Issue> {
  const changed = await store.transact(tenant, async (transaction) => {
    const issue = (await transaction.findIssues([issueId])).get(issueId)
    if (!issue) throw new IssueNotFoundError(issueId)
    const work = change(issue, { eventId: createId(), now: now() })
    if (work === null) return issue
    await transaction.saveClaim(work)
    return work.issue
  })
  onCommit()
  return changed
}

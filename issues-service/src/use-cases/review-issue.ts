import type { DecisionAction } from '@redress/shared/contracts.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { IssueNotFoundError } from '../domain/errors.ts'
import { type Issue, reviewIssue } from '../domain/issue.ts'
import type { IssuesStore } from './ports.ts'

export type ReviewIssueCommand = Readonly<{
  issueId: string
  action: DecisionAction
  note: string | null
  seenVersion: number | null
  cause: Cause
}>
/** @throws IssueNotFoundError, InvalidTransitionError, ConflictError, ActionNotAllowedError */
export type ReviewIssue = (command: ReviewIssueCommand) => Promise<Issue>

type Dependencies = Readonly<{ store: IssuesStore; now: Clock; onCommit: () => void }>

export function createReviewIssue({ store, now, onCommit }: Dependencies): ReviewIssue {
  return async ({ issueId, ...review }) => {
    const reviewed = await store.transact(async (transaction) => {
      const issue = (await transaction.findIssues([issueId])).get(issueId)
      if (!issue) throw new IssueNotFoundError(issueId)
      const change = reviewIssue(issue, { ...review, now: now() })
      await transaction.save([change])
      return change.issue
    })
    onCommit()
    return reviewed
  }
}

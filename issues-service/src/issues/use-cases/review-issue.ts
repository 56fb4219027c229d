import type { DecisionAction } from '@redress/shared/contracts.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { IssueNotFoundError } from '../../domain/errors.ts'
import type { Issue } from '../domain/issue.ts'
import { reviewIssue } from '../domain/resolve-issue.ts'
import type { IssuesStore } from './ports.ts'

export type ReviewIssueCommand = Readonly<{
  issueId: string
  action: DecisionAction
  note: string | null
  seenVersion: number | null
  cause: Cause
  /** Whether the reviewer may also resolve what another one has claimed. */
  mayOverrule: boolean
}>
/** @throws IssueNotFoundError, InvalidTransitionError, ConflictError, ActionNotAllowedError, IssueClaimedError, RefundExceedsPaymentError */
export type ReviewIssue = (command: ReviewIssueCommand) => Promise<Issue>

type Dependencies = Readonly<{ store: IssuesStore; now: Clock; onCommit: () => void }>

export function createReviewIssue({ store, now, onCommit }: Dependencies): ReviewIssue {
  return async ({ issueId, ...review }) => {
    const reviewed = await store.transact(review.cause.tenant, async (transaction) => {
      const issue = (await transaction.findIssues([issueId])).get(issueId)
      if (!issue) throw new IssueNotFoundError(issueId)
      const { transactionId } = issue
      const payments = transactionId === null ? null : await transaction.findTransactions([transactionId])
      const payment = payments?.get(transactionId!) ?? null
      const change = reviewIssue(issue, { ...review, payment, now: now() })
      await transaction.save([change])
      return change.issue
    })
    onCommit()
    return reviewed
  }
}

import { CustomerNotFoundError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { IssueNotFoundError } from '../../domain/errors.ts'
import type { Issue } from '../domain/issue.ts'
import { retryIssue } from '../domain/retry-issue.ts'
import type { IssuesStore } from './ports.ts'
import { readCases } from './read-cases.ts'

/** @throws IssueNotFoundError, InvalidTransitionError unless the issue has failed, or is stuck. */
export type RetryIssue = (command: Readonly<{ issueId: string; cause: Cause }>) => Promise<Issue>

type Dependencies = Readonly<{
  store: IssuesStore
  /** An issue that is PROCESSING for so long is stuck, and may be retried. */
  stuckAfterMs: number
  now: Clock
  onCommit: () => void
}>

/** Sends an issue that has failed, or is stuck in PROCESSING, through the decision again, with the facts as they are today. */
export function createRetryIssue({ store, stuckAfterMs, now, onCommit }: Dependencies): RetryIssue {
  return async ({ issueId, cause }) => {
    const retried = await store.transact(cause.tenant, async (transaction) => {
      const issue = (await transaction.findIssues([issueId])).get(issueId)
      if (!issue) throw new IssueNotFoundError(issueId)

      const at = now()
      const decisionCase = (await readCases(transaction, [issue], at)).get(issueId)
      if (!decisionCase) throw new CustomerNotFoundError(issue.customerId)
      const stuckSince = new Date(at.getTime() - stuckAfterMs)
      const change = retryIssue(issue, { decisionCase, stuckSince, cause, now: at })
      await transaction.save([change])
      return change.issue
    })
    onCommit()
    return retried
  }
}

import { CustomerNotFoundError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { toDecisionCase } from '../domain/decision-case.ts'
import { IssueNotFoundError } from '../domain/errors.ts'
import { type Issue, retryIssue } from '../domain/issue.ts'
import type { IssuesStore } from './ports.ts'

/** @throws IssueNotFoundError, InvalidTransitionError unless the issue has failed. */
export type RetryIssue = (command: Readonly<{ issueId: string; cause: Cause }>) => Promise<Issue>

type Dependencies = Readonly<{ store: IssuesStore; now: Clock; onCommit: () => void }>

/** Sends a failed issue through the decision again, with the facts as they are today. */
export function createRetryIssue({ store, now, onCommit }: Dependencies): RetryIssue {
  return async ({ issueId, cause }) => {
    const retried = await store.transact(async (transaction) => {
      const issue = (await transaction.findIssues([issueId])).get(issueId)
      if (!issue) throw new IssueNotFoundError(issueId)

      const at = now()
      const customer = (await transaction.findCustomers([issue.customerId], at)).get(issue.customerId)
      if (!customer) throw new CustomerNotFoundError(issue.customerId)
      const transactionId = issue.transactionId
      const payments = await transaction.findTransactions(transactionId === null ? [] : [transactionId])
      const payment = transactionId === null ? null : (payments.get(transactionId) ?? null)

      const decisionCase = toDecisionCase({ ...issue, issueId, ...customer, transaction: payment, now: at })
      const change = retryIssue(issue, { decisionCase, cause, now: at })
      await transaction.save([change])
      return change.issue
    })
    onCommit()
    return retried
  }
}

import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Transaction } from '../../transactions/transaction.ts'
import { type DecisionProgress, followDecision, paysBack } from '../domain/decision-progress.ts'
import type { Change, Issue } from '../domain/issue.ts'
import type { IssuesTransaction } from './ports.ts'

export type DecisionUpdate = Readonly<{ issueId: string; progress: DecisionProgress; cause: Cause }>
/** Moves issues as the decision service decides, in the transaction that also marks the events as applied. */
export type FollowDecisions = (updates: readonly DecisionUpdate[], transaction: IssuesTransaction) => Promise<void>

export function createFollowDecisions({ now }: { now: Clock }): FollowDecisions {
  return async (updates, transaction) => {
    const issueIds = [...new Set(updates.map(({ issueId }) => issueId))]
    const issues = new Map<string, Issue>(await transaction.findIssues(issueIds))
    const payments = await findPayments(updates, issues, transaction)
    const changes: Change[] = []
    const at = now()
    for (const { issueId, progress, cause } of updates) {
      const issue = issues.get(issueId)
      if (!issue) continue // An issue that was erased in the meantime needs no status.
      const payment = (issue.transactionId !== null && payments.get(issue.transactionId)) || null
      const steps = followDecision(issue, progress, { payment, cause, now: at })
      changes.push(...steps)
      issues.set(issueId, steps.at(-1)?.issue ?? issue)
      const refunded = steps.at(-1)?.refund?.transaction
      if (refunded) payments.set(refunded.id, refunded)
    }
    if (changes.length > 0) await transaction.save(changes)
  }
}

/** The payments that decisions may pay back, which are few. */
async function findPayments(
  updates: readonly DecisionUpdate[],
  issues: ReadonlyMap<string, Issue>,
  transaction: IssuesTransaction,
): Promise<Map<string, Transaction>> {
  const paying = updates.filter(({ progress }) => paysBack(progress))
  const ids = paying.flatMap(({ issueId }) => issues.get(issueId)?.transactionId ?? [])
  return new Map(ids.length === 0 ? [] : await transaction.findTransactions([...new Set(ids)]))
}

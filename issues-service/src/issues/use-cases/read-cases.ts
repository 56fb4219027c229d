import type { DecisionCase } from '@redress/shared/contracts.ts'
import { toDecisionCase } from '../domain/decision-case.ts'
import type { Issue } from '../domain/issue.ts'
import type { IssuesTransaction } from './ports.ts'

/** The cases of issues by their ids, with the facts as they are `at` a moment; none where the customer is missing. */
export async function readCases(
  transaction: Pick<IssuesTransaction, 'findCustomers' | 'findTransactions'>,
  issues: readonly Issue[],
  at: Date,
): Promise<ReadonlyMap<string, DecisionCase>> {
  const customers = await transaction.findCustomers([...new Set(issues.map(({ customerId }) => customerId))], at)
  const payments = await transaction.findTransactions(issues.flatMap(({ transactionId }) => transactionId ?? []))
  const cases = issues.flatMap((issue) => {
    const customer = customers.get(issue.customerId)
    if (customer === undefined) return []
    const payment = issue.transactionId === null ? null : (payments.get(issue.transactionId) ?? null)
    return [
      [issue.id, toDecisionCase({ ...issue, issueId: issue.id, ...customer, transaction: payment, now: at })] as const,
    ]
  })
  return new Map(cases)
}

import type { DecisionCase, IssueDetails, IssueType, Priority } from '@redress/shared/contracts.ts'
import type { Customer } from '../../customers/customer.ts'
import { approvedOf, type Transaction } from '../../transactions/transaction.ts'
import { daysBetween } from './days-between.ts'
import { toRecorded } from './recorded-details.ts'

export type RecentIssue = Readonly<{ id: string; type: IssueType }>

export type Circumstances = Readonly<{
  issueId: string
  priority: Priority
  details: IssueDetails
  customer: Customer
  /** The customer's latest issues. On a retry, the issue itself is among them and is not counted. */
  recentIssues: readonly RecentIssue[]
  transaction: Transaction | null
  /** Masked. */
  customerMessage?: string | null
  now: Date
}>

/**
 * Everything a decision needs, as of one moment, without personal data. Where the issue and the record of its payment
 * differ, the case has what the record says.
 */
export function toDecisionCase({
  issueId,
  priority,
  details,
  customer,
  recentIssues,
  transaction,
  customerMessage = null,
  now,
}: Circumstances): DecisionCase {
  const recorded = toRecorded(details, transaction, now)
  const refunded = transaction === null ? 0 : transaction.refunded + approvedOf(transaction)
  return {
    issueId,
    priority,
    details: recorded.details,
    customer: {
      id: customer.id,
      riskScore: customer.riskScore,
      accountAgeDays: daysBetween(customer.createdAt, now),
      recentIssues: countByType(recentIssues, issueId),
    },
    transaction: transaction && {
      id: transaction.id,
      amount: transaction.amount,
      status: transaction.status,
      ageDays: daysBetween(transaction.createdAt, now),
      ...(transaction.shipping && { shippingStatus: transaction.shipping.status }),
      ...(refunded > 0 && { refunded }),
    },
    ...(customerMessage !== null && { message: customerMessage }),
    ...(recorded.differences.length > 0 && { differences: [...recorded.differences] }),
  }
}

function countByType(recentIssues: readonly RecentIssue[], exceptId: string): Record<IssueType, number> {
  const counts = { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 }
  for (const { id, type } of recentIssues) if (id !== exceptId) counts[type]++
  return counts
}

import type { IssueDetails, Priority } from '@redress/shared/contracts.ts'
import { HOUR_MS } from '@redress/shared/time.ts'
import { leftOf, type Transaction } from '../../transactions/transaction.ts'

/** Hours from its creation until an issue should be resolved, by priority. */
export type DueHours = Readonly<Record<Priority, number>>
export const DUE_HOURS: DueHours = { CRITICAL: 4, HIGH: 24, NORMAL: 72, LOW: 168 }

type Dated = Readonly<{ priority: Priority; createdAt: Date }>

/** When an issue should be resolved. */
export function dueAtOf({ priority, createdAt }: Dated, hours: DueHours): Date {
  return new Date(createdAt.getTime() + hours[priority] * HOUR_MS)
}

/** Of the time until an issue is due, how much each digit of the amount at risk takes away, and what remains at least. */
const SHARE_OF_DIGIT = 0.1
const SHARE_MIN = 0.1

/**
 * The place of an issue among those that wait for a person, the earliest first: its due time, brought forward by the money
 * at risk. Nobody's issue waits for ever behind others with more money, because it never comes later than its due time.
 * @param atRisk in the minor unit of its currency; amounts of different currencies are compared as numbers.
 */
export function urgentAtOf(issue: Dated, atRisk: number, hours: DueHours): Date {
  const digits = atRisk < 1 ? 0 : Math.floor(Math.log10(atRisk)) + 1
  const share = Math.max(SHARE_MIN, 1 - SHARE_OF_DIGIT * digits)
  return new Date(issue.createdAt.getTime() + Math.round(share * hours[issue.priority] * HOUR_MS))
}

/** The money that an issue is about, in the minor unit of its currency; 0 where it names none. */
export function findAtRisk(details: IssueDetails, payment: Transaction | null): number {
  if (details.type === 'MISSED_INSTALLMENT') return details.amountDue.amount
  if (details.type === 'REFUND_REQUEST' && details.partialAmount !== null) return details.partialAmount.amount
  if (payment === null) return 0
  return details.type === 'DECLINE' ? payment.amount.amount : leftOf(payment)
}

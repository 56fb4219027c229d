import type { IssueDetails, IssueType, Priority, TransactionStatus } from '@redress/shared/contracts.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import { DetailsMismatchError, InvalidTransitionError } from '../domain/errors.ts'
import { daysBetween } from '../issues/domain/days-between.ts'
import { type Transaction, type TransactionChange, updateTransaction } from '../transactions/transaction.ts'
import type { PaymentEvent, PaymentEventType } from './payment-event.ts'

/** An event reports no customer's request. */
type OpenedType = Exclude<IssueType, 'REFUND_REQUEST'>

type IntakeRule = Readonly<{
  /** The status of the payment after the event; null where the event moves nothing. */
  to: TransactionStatus | null
  /** The statuses that the event moves. In those of neither list it is refused. */
  from: readonly TransactionStatus[]
  /** The statuses in which the event is true already, as where it comes late; it changes nothing then. */
  past: readonly TransactionStatus[]
  /** The issue that the event opens. */
  opens: Readonly<{ type: OpenedType; priority: Priority }> | null
}>

const ANY: readonly TransactionStatus[] = ['AUTHORIZED', 'CAPTURED', 'DECLINED', 'REFUNDED', 'DISPUTED']

/**
 * The effect of each event. Narrower than the transitions of a payment: a capture that is reported late must not end a
 * dispute, which only the outcome of the dispute does.
 */
export const INTAKE_RULES: Readonly<Record<PaymentEventType, IntakeRule>> = {
  PAYMENT_AUTHORIZED: {
    ...{ to: 'AUTHORIZED', from: ['DECLINED'], past: ['AUTHORIZED', 'CAPTURED', 'REFUNDED', 'DISPUTED'] },
    opens: null,
  },
  PAYMENT_CAPTURED: {
    ...{ to: 'CAPTURED', from: ['AUTHORIZED', 'DECLINED'], past: ['CAPTURED', 'REFUNDED', 'DISPUTED'] },
    opens: null,
  },
  PAYMENT_DECLINED: {
    ...{ to: 'DECLINED', from: ['AUTHORIZED'], past: ['DECLINED'] },
    opens: { type: 'DECLINE', priority: 'NORMAL' },
  },
  PAYMENT_REFUNDED: { to: 'REFUNDED', from: ['CAPTURED', 'DISPUTED', 'REFUNDED'], past: [], opens: null },
  INSTALLMENT_MISSED: {
    ...{ to: null, from: [], past: ANY },
    opens: { type: 'MISSED_INSTALLMENT', priority: 'NORMAL' },
  },
  CHARGEBACK_OPENED: {
    ...{ to: 'DISPUTED', from: ['CAPTURED', 'REFUNDED'], past: ['DISPUTED'] },
    opens: { type: 'DISPUTE', priority: 'HIGH' },
  },
  CHARGEBACK_WON: { to: 'CAPTURED', from: ['DISPUTED'], past: [], opens: null },
  CHARGEBACK_LOST: { to: 'REFUNDED', from: ['DISPUTED'], past: [], opens: null },
}

/**
 * The change of a payment by an event; null where the event changes nothing.
 * @throws DetailsMismatchError for an amount that cannot be that of the payment, InvalidTransitionError,
 * RefundExceedsPaymentError
 */
export function changeBy(
  event: PaymentEvent,
  payment: Transaction,
  context: Readonly<{ cause: Cause; now: Date }>,
): TransactionChange | null {
  checkAmount(event, payment)
  const { to, from, past } = INTAKE_RULES[event.type]
  if (to === null || past.includes(payment.status)) return null
  if (!from.includes(payment.status)) throw new InvalidTransitionError(payment.status, to, 'payment')
  if (event.type !== 'PAYMENT_REFUNDED') return updateTransaction(payment, { status: to, seenVersion: null }, context)

  // The sums of refunds only grow: a lower one is that of an earlier event, which has come late.
  const refunded = Math.max(payment.refunded, event.amount?.amount ?? payment.amount.amount)
  const status = refunded >= payment.amount.amount ? to : payment.status
  return updateTransaction(payment, { status, refunded, seenVersion: null }, context)
}

/** The types whose amount is that of the payment, as far as one is given. */
const OF_WHOLE_PAYMENT: ReadonlySet<PaymentEventType> = new Set([
  'PAYMENT_AUTHORIZED',
  'PAYMENT_CAPTURED',
  'PAYMENT_DECLINED',
])

function checkAmount({ type, amount }: PaymentEvent, { amount: paid }: Transaction): void {
  if (amount === null) return
  if (amount.currency !== paid.currency) {
    throw new DetailsMismatchError(['amount', 'currency'], `the payment was in ${paid.currency}`)
  }
  if (OF_WHOLE_PAYMENT.has(type) && amount.amount !== paid.amount) {
    throw new DetailsMismatchError(['amount', 'amount'], 'the amount of the payment is another one')
  }
}

/** The details of the issue that an event opens, as far as possible by the record of the payment. */
export function detailsOf(type: OpenedType, event: PaymentEvent, payment: Transaction, now: Date): IssueDetails {
  switch (type) {
    case 'DECLINE':
      return { type, errorCode: event.declineCode ?? 'CARD_DECLINED', autoRetryCount: event.autoRetryCount ?? 0 }
    case 'DISPUTE':
      return {
        ...{ type, reason: event.disputeReason ?? 'UNAUTHORIZED' },
        daysSincePurchase: daysBetween(payment.createdAt, now),
      }
    case 'MISSED_INSTALLMENT':
      return toMissedInstallment(event, payment, now)
  }
}

function toMissedInstallment(
  { installmentNumber, amount, occurredAt }: PaymentEvent,
  { installmentPlan: plan }: Transaction,
  now: Date,
): IssueDetails {
  if (plan === null) throw new DetailsMismatchError(['installmentNumber'], 'the payment has no instalments')
  const { totalInstallments, installmentAmount } = plan
  const number = installmentNumber ?? 1
  if (number > totalInstallments) {
    throw new DetailsMismatchError(['installmentNumber'], `the payment has ${totalInstallments} instalments`)
  }
  return {
    type: 'MISSED_INSTALLMENT',
    installmentNumber: number,
    totalInstallments,
    amountDue: amount ?? installmentAmount,
    daysOverdue: daysBetween(occurredAt, now),
  }
}

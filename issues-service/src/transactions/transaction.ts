import type { Money, ShippingStatus, TransactionStatus } from '@redress/shared/contracts.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { asNew, type Cause, type DomainEvent, momentAfter } from '@redress/shared/events/envelope.ts'
import { ConflictError, InvalidTransitionError, RefundExceedsPaymentError } from '../domain/errors.ts'

export type InstallmentPlan = Readonly<{ totalInstallments: number; installmentAmount: Money }>
export type Shipping = Readonly<{ status: ShippingStatus; deliveredAt: Date | null }>

/** The refunds that were ever approved, in the unit of the amount. Corrections of what was paid back leave them. */
export type Approvals = Readonly<{
  sum: number
  /** The value of `refunded` once all of them are paid back; at most the amount. */
  upTo: number
}>
export const NO_APPROVALS: Approvals = { sum: 0, upTo: 0 }

/** A card payment. */
export type Transaction = Readonly<{
  id: string
  tenant: string
  /** The id in the company's own systems; null for payments from before it existed. */
  externalId: string | null
  customerId: string
  merchant: string
  amount: Money
  status: TransactionStatus
  /** The sum paid back so far, in the currency and minor unit of the amount; at most the amount. */
  refunded: number
  approvals: Approvals
  installmentPlan: InstallmentPlan | null
  shipping: Shipping | null
  /** Grows by one at every change. */
  version: number
  /** When the payment was made. */
  createdAt: Date
  updatedAt: Date
}>

/** Where a payment may go from each status. A payment that was paid back may still be disputed at the bank. */
export const TRANSACTION_TRANSITIONS: Readonly<Record<TransactionStatus, readonly TransactionStatus[]>> = {
  AUTHORIZED: ['CAPTURED', 'DECLINED'],
  DECLINED: ['AUTHORIZED', 'CAPTURED'],
  CAPTURED: ['REFUNDED', 'DISPUTED'],
  DISPUTED: ['CAPTURED', 'REFUNDED'],
  REFUNDED: ['DISPUTED'],
}

/** A new state and the event that explains it. They are stored together or not at all. */
export type TransactionChange = Readonly<{ transaction: Transaction; event: DomainEvent }>

type Opening = Omit<Transaction, 'tenant' | 'approvals' | 'version' | 'createdAt' | 'updatedAt'> &
  Readonly<{
    /** When the payment was made. */
    paidAt: Date
    cause: Cause
    now: Date
  }>

export function openTransaction({ paidAt, cause, now, ...given }: Opening): TransactionChange {
  const life = { approvals: NO_APPROVALS, version: 1, createdAt: paidAt, updatedAt: now }
  const transaction: Transaction = { ...given, tenant: cause.tenant, ...life }
  const { customerId, amount, status } = transaction
  const changes = asNew({ customerId, amount, status })
  const event = newEvent('transaction.created', { ...headOf(transaction, cause), changes, data: { customerId } })
  return { transaction, event }
}

type Update = Readonly<{
  status: TransactionStatus
  /** The sum of all refunds so far; unchanged if not given, all of it where the payment becomes REFUNDED. */
  refunded?: number
  /** Unchanged if not given. */
  shipping?: Shipping
  seenVersion: number | null
}>

/**
 * The change of a payment; null where nothing is different, so that a repeated update changes nothing.
 * @throws ConflictError if it changed since the caller saw it, InvalidTransitionError, RefundExceedsPaymentError
 */
export function updateTransaction(
  transaction: Transaction,
  { status, seenVersion, ...update }: Update,
  { cause, now }: { cause: Cause; now: Date },
): TransactionChange | null {
  const becomesRefunded = status === 'REFUNDED' && transaction.status !== 'REFUNDED'
  const assumed = becomesRefunded ? transaction.amount.amount : transaction.refunded
  const { refunded = assumed, shipping = transaction.shipping } = update
  const [before, after] = [toFacts(transaction), toFacts({ ...transaction, status, refunded, shipping })]
  const fields = FACTS.filter((field) => before[field] !== after[field])
  if (fields.length === 0) return null

  if (seenVersion !== null && seenVersion !== transaction.version) throw new ConflictError(transaction.id, 'payment')
  if (status !== before.status && !TRANSACTION_TRANSITIONS[before.status].includes(status)) {
    throw new InvalidTransitionError(before.status, status, 'payment')
  }
  if (refunded > transaction.amount.amount) throw new RefundExceedsPaymentError(transaction.id)

  const updatedAt = momentAfter(transaction.updatedAt, now)
  const updated = { ...transaction, status, refunded, shipping, version: transaction.version + 1, updatedAt }
  const event = newEvent('transaction.updated', {
    ...headOf(updated, cause),
    changes: Object.fromEntries(fields.map((field) => [field, { before: before[field], after: after[field] }])),
    data: { customerId: transaction.customerId, fields },
  })
  return { transaction: updated, event }
}

const FACTS = ['status', 'refunded', 'approved', 'shipping'] as const

const toFacts = (transaction: Transaction) => ({
  status: transaction.status,
  refunded: transaction.refunded,
  approved: approvedOf(transaction),
  shipping: toText(transaction.shipping),
})

/**
 * The sum that is approved to be paid back and was not yet. With the sum paid back, never more than the amount: a refund was
 * approved before it was paid, as far as any was, and is still to be paid where it turns out not to have been.
 */
export const approvedOf = ({ approvals, refunded }: Pick<Transaction, 'approvals' | 'refunded'>) =>
  Math.max(0, Math.min(approvals.sum, approvals.upTo - refunded))

/** The sum that is neither paid back nor approved to be; 0 for a payment that was declined. */
export const leftOf = (transaction: Transaction) =>
  transaction.status === 'DECLINED'
    ? 0
    : Math.max(0, transaction.amount.amount - transaction.refunded - approvedOf(transaction))

/**
 * Approves a refund of `asked`, or of all that is left if null, so that all refunds together never exceed the payment;
 * null where they would, where nothing is left, or where it is asked for in another currency.
 */
export function approveRefund(
  transaction: Transaction,
  asked: Money | null,
  { cause, now }: { cause: Cause; now: Date },
): Readonly<{ change: TransactionChange; amount: Money }> | null {
  const { amount: paid, approvals, refunded } = transaction
  const before = approvedOf(transaction)
  const left = leftOf(transaction)
  const amount = asked?.amount ?? left
  if (amount === 0 || amount > left || (asked !== null && asked.currency !== paid.currency)) return null

  const after = { sum: approvals.sum + amount, upTo: refunded + before + amount }
  return { change: withApprovals(transaction, after, { cause, now }), amount: { ...paid, amount } }
}

/**
 * Counts refunds of `sum` in all that were approved before approvals were counted. What was paid back since is taken for
 * these refunds; the rest of them is still approved, as far as the payment goes.
 */
export function countFormerRefunds(
  transaction: Transaction,
  sum: number,
  when: { cause: Cause; now: Date },
): TransactionChange {
  const { amount: paid, approvals, refunded } = transaction
  const unpaid = Math.max(0, sum - refunded)
  const upTo = Math.max(approvals.upTo, Math.min(paid.amount, refunded + approvedOf(transaction) + unpaid))
  return withApprovals(transaction, { sum: approvals.sum + sum, upTo }, when)
}

function withApprovals(
  transaction: Transaction,
  approvals: Approvals,
  { cause, now }: { cause: Cause; now: Date },
): TransactionChange {
  const updatedAt = momentAfter(transaction.updatedAt, now)
  const approved = { ...transaction, approvals, version: transaction.version + 1, updatedAt }
  const event = newEvent('transaction.updated', {
    ...headOf(approved, cause),
    changes: { approved: { before: approvedOf(transaction), after: approvedOf(approved) } },
    data: { customerId: transaction.customerId, fields: ['approved'] },
  })
  return { transaction: approved, event }
}

const toText = (shipping: Shipping | null) =>
  shipping && [shipping.status, ...(shipping.deliveredAt ? [shipping.deliveredAt.toISOString()] : [])].join(' ')

function headOf({ id, version, updatedAt: at }: Transaction, cause: Cause) {
  return { id: `${id}-${version}`, at, cause, entity: { type: 'Transaction', id } } as const
}

import type { Money, ShippingStatus, TransactionStatus } from '@redress/shared/contracts.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { asNew, type Cause, type DomainEvent, momentAfter } from '@redress/shared/events/envelope.ts'
import { ConflictError, InvalidTransitionError, RefundExceedsPaymentError } from './errors.ts'

export type InstallmentPlan = Readonly<{ totalInstallments: number; installmentAmount: Money }>
export type Shipping = Readonly<{ status: ShippingStatus; deliveredAt: Date | null }>

/** A card payment. */
export type Transaction = Readonly<{
  id: string
  /** The id in the company's own systems; null for payments from before it existed. */
  externalId: string | null
  customerId: string
  merchant: string
  amount: Money
  status: TransactionStatus
  /** What was paid back so far, in the currency and minor unit of the amount; at most the amount. */
  refunded: number
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

type Opening = Omit<Transaction, 'version' | 'createdAt' | 'updatedAt'> &
  Readonly<{
    /** When the payment was made. */
    paidAt: Date
    cause: Cause
    now: Date
  }>

export function openTransaction({ paidAt, cause, now, ...given }: Opening): TransactionChange {
  const transaction: Transaction = { ...given, version: 1, createdAt: paidAt, updatedAt: now }
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
  const wholly = status === 'REFUNDED' ? transaction.amount.amount : transaction.refunded
  const { refunded = wholly, shipping = transaction.shipping } = update
  const before = { status: transaction.status, refunded: transaction.refunded, shipping: toText(transaction.shipping) }
  const after = { status, refunded, shipping: toText(shipping) }
  const fields = (['status', 'refunded', 'shipping'] as const).filter((field) => before[field] !== after[field])
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

const toText = (shipping: Shipping | null) =>
  shipping && [shipping.status, ...(shipping.deliveredAt ? [shipping.deliveredAt.toISOString()] : [])].join(' ')

function headOf({ id, version, updatedAt: at }: Transaction, cause: Cause) {
  return { id: `${id}-${version}`, at, cause, entity: { type: 'Transaction', id } } as const
}

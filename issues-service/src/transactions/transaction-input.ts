import type { Money, TransactionStatus } from '@redress/shared/contracts.ts'
import type { InputProblem } from '@redress/shared/errors.ts'
import { findCardInIdentifier, findCardProblem, findMomentProblem } from '../customers/customer-input.ts'
import type { InstallmentPlan, Shipping } from './transaction.ts'

/** The input of a new payment, after the edge has checked its shape and bounds. */
export type TransactionInput = Readonly<{
  externalId: string
  customerId: string
  merchant: string
  amount: Money
  status: TransactionStatus
  /** Null: nothing, or all of it for a payment that is REFUNDED. */
  refunded: Money | null
  installmentPlan: InstallmentPlan | null
  shipping: Shipping | null
  /** Null: now. */
  paidAt: Date | null
}>

/** Whether money was taken that can be paid back. */
const WAS_CHARGED: Readonly<Record<TransactionStatus, boolean>> = {
  AUTHORIZED: false,
  DECLINED: false,
  CAPTURED: true,
  REFUNDED: true,
  DISPUTED: true,
}

/** The sum paid back of a payment, also where its input does not give it. */
export function toRefunded({ refunded, status, amount }: TransactionInput): Money {
  return refunded ?? (status === 'REFUNDED' ? amount : { ...amount, amount: 0 })
}

/** The problems that the schema cannot name: card numbers, moments in the future, amounts that do not fit the payment's. */
export function findTransactionProblems(input: TransactionInput, now: Date): readonly InputProblem[] {
  const { externalId, merchant, amount, status, refunded, installmentPlan, shipping, paidAt } = input
  const path = (...names: readonly string[]) => ['input', ...names]
  return [
    ...findCardInIdentifier(path('externalId'), externalId),
    ...findCardProblem(path('merchant'), merchant),
    ...findCurrencyProblem(path('refunded', 'currency'), refunded, amount),
    ...findChargeProblem(status, refunded),
    ...(refunded !== null && refunded.amount > amount.amount
      ? [{ path: path('refunded', 'amount'), message: 'must not exceed the amount of the payment' }]
      : []),
    ...findCurrencyProblem(
      path('installmentPlan', 'installmentAmount', 'currency'),
      installmentPlan?.installmentAmount ?? null,
      amount,
    ),
    ...findShippingProblems(shipping, now),
    ...findMomentProblem(path('paidAt'), paidAt, now),
  ]
}

/** Nothing can be paid back of what was not charged. */
export function findChargeProblem(status: TransactionStatus, refunded: Money | null): readonly InputProblem[] {
  if (WAS_CHARGED[status] || refunded === null || refunded.amount === 0) return []
  return [{ path: ['input', 'refunded', 'amount'], message: `must be 0 for a payment that is ${status}` }]
}

/** An amount that must have the currency of the payment. */
export function findCurrencyProblem(
  path: readonly string[],
  given: Money | null,
  { currency }: Money,
): readonly InputProblem[] {
  return given !== null && given.currency !== currency ? [{ path, message: `must be ${currency}, as the payment` }] : []
}

export function findShippingProblems(shipping: Shipping | null, now: Date): readonly InputProblem[] {
  if (shipping === null || shipping.deliveredAt === null) return []
  const path = ['input', 'shipping', 'deliveredAt']
  if (shipping.status !== 'DELIVERED') return [{ path, message: 'is only for a shipment that is DELIVERED' }]
  return findMomentProblem(path, shipping.deliveredAt, now)
}

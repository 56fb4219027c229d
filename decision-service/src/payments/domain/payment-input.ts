import { createHash } from 'node:crypto'
import type { Money } from '@redress/shared/contracts.ts'

/** The input of a caller, after the edge has checked its shape and bounds. */
export type PaymentInput = Readonly<{
  customerId: string
  /** 1 to 100,000,000 minor units. */
  amount: Money
  payeeId: string
  idempotencyKey: string
}>

/**
 * Derived from caller, customer and key, so that asking twice is about the same payment, and equal keys of two callers
 * are about two.
 */
export function paymentIdFor({ customerId, idempotencyKey }: PaymentInput, actor: string): string {
  return toPaymentId([actor, customerId, idempotencyKey])
}

/** The id of a payment that was decided before its caller was a part of its id. */
export function formerPaymentIdFor({ customerId, idempotencyKey }: PaymentInput): string {
  return toPaymentId([customerId, idempotencyKey])
}

const toPaymentId = (parts: readonly string[]) => `pay_${hash(parts).slice(0, 32)}`

/** Two inputs have the same digest when they ask for the same payment. */
export function digestOfPayment({ customerId, amount, payeeId }: PaymentInput): string {
  return hash([customerId, amount.amount, amount.currency, payeeId])
}

const hash = (parts: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex')

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

/** Derived from customer and key, so that asking twice is about the same payment. */
export function paymentIdFor({ customerId, idempotencyKey }: PaymentInput): string {
  return `pay_${hash([customerId, idempotencyKey]).slice(0, 32)}`
}

/** Two inputs have the same digest when they ask for the same payment. */
export function digestOfPayment({ customerId, amount, payeeId }: PaymentInput): string {
  return hash([customerId, amount.amount, amount.currency, payeeId])
}

const hash = (parts: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex')

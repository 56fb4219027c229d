import { createHash } from 'node:crypto'
import type { Money } from '@redress/shared/contracts.ts'
import { BadUserInputError } from '@redress/shared/errors.ts'

/** The input of a caller, after GraphQL has checked its shape. */
export type PaymentInput = Readonly<{
  customerId: string
  /** 1 to 100,000,000 minor units. */
  amount: Money
  payeeId: string
  idempotencyKey: string
}>

const ID_LENGTH_MAX = 100
const KEY_LENGTH_MAX = 200
const AMOUNT_MAX = 100_000_000

/** @throws BadUserInputError naming the first value that is out of range, by its path in the input. */
export function checkPaymentInput({ customerId, amount, payeeId, idempotencyKey }: PaymentInput): void {
  checkText('customerId', customerId, ID_LENGTH_MAX)
  checkText('payeeId', payeeId, ID_LENGTH_MAX)
  checkText('idempotencyKey', idempotencyKey, KEY_LENGTH_MAX)
  if (amount.amount < 1 || amount.amount > AMOUNT_MAX) {
    throw new BadUserInputError(['input', 'amount', 'amount'], `must be from 1 to ${AMOUNT_MAX}`)
  }
}

function checkText(field: keyof PaymentInput, value: string, max: number): void {
  // Halves of characters are all stored as the same one, so that a new payee would look like a known one.
  if (value.trim() !== '' && value.length <= max && value.isWellFormed()) return
  throw new BadUserInputError(['input', field], `must have 1 to ${max} whole characters`)
}

/** Derived from customer and key, so that asking twice is about the same payment. */
export function paymentIdFor({ customerId, idempotencyKey }: PaymentInput): string {
  return `pay_${hash([customerId, idempotencyKey]).slice(0, 32)}`
}

/** Two inputs have the same digest when they ask for the same payment. */
export function digestOfPayment({ customerId, amount, payeeId }: PaymentInput): string {
  return hash([customerId, amount.amount, amount.currency, payeeId])
}

const hash = (parts: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex')

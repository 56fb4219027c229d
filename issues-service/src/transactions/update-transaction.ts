import type { Money, TransactionStatus } from '@redress/shared/contracts.ts'
import { refuseProblems } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { TransactionNotFoundError } from '../domain/errors.ts'
import type { TransactionsStore } from './ports.ts'
import { type Shipping, type Transaction, updateTransaction } from './transaction.ts'
import { findChargeProblem, findCurrencyProblem, findShippingProblems } from './transaction-input.ts'

export type UpdateTransactionCommand = Readonly<{
  transactionId: string
  status: TransactionStatus
  /** The sum of all refunds so far; null leaves it, or is all of it for a payment that becomes REFUNDED. */
  refunded: Money | null
  /** Null leaves it. */
  shipping: Shipping | null
  seenVersion: number | null
  cause: Cause
}>
/**
 * @throws BadUserInputError, TransactionNotFoundError, InvalidTransitionError, ConflictError, RefundExceedsPaymentError
 */
export type UpdateTransaction = (command: UpdateTransactionCommand) => Promise<Transaction>

type Dependencies = Readonly<{ store: TransactionsStore; now: Clock; onCommit: () => void }>

/** Moves a payment on, with what was paid back and its shipment. A repeat changes nothing. */
export function createUpdateTransaction({ store, now, onCommit }: Dependencies): UpdateTransaction {
  return async ({ transactionId, status, refunded, shipping, seenVersion, cause }) => {
    refuseProblems([...findChargeProblem(status, refunded), ...findShippingProblems(shipping, now())])
    const updated = await store.transact(cause.tenant, async (transaction) => {
      const payment = await transaction.find(transactionId)
      if (!payment) throw new TransactionNotFoundError(transactionId)
      refuseProblems(findCurrencyProblem(['input', 'refunded', 'currency'], refunded, payment.amount))
      const facts = { ...(refunded && { refunded: refunded.amount }), ...(shipping && { shipping }) }
      const change = updateTransaction(payment, { status, seenVersion, ...facts }, { cause, now: now() })
      if (change === null) return payment
      await transaction.save(change)
      return change.transaction
    })
    onCommit()
    return updated
  }
}

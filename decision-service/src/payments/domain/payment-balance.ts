import type { Money, TransactionFacts } from '@redress/shared/contracts.ts'

export type BookedTransaction = Readonly<{ amount: Money; status: TransactionFacts['status'] }>

/** The effect of each type of transaction on the balance. */
const SIGN: Readonly<Record<BookedTransaction['status'], -1 | 0 | 1>> = {
  CAPTURED: 1,
  DISPUTED: -1,
  AUTHORIZED: 0,
  DECLINED: 0,
  REFUNDED: 0,
}

/**
 * A stand-in for a balance, for as long as there is no ledger: what was captured less what is disputed, in one currency
 * and minor units, never below 0. It says how much business there is with a customer, not what is in a wallet.
 */
export function estimateBalance(transactions: readonly BookedTransaction[], currency: string): number {
  const sum = transactions
    .filter(({ amount }) => amount.currency === currency)
    .reduce((total, { amount, status }) => total + SIGN[status] * amount.amount, 0)
  return Math.max(0, sum)
}

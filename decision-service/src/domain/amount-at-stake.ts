import type { DecisionCase, IssueDetails, IssueType, Money } from '@redress/shared/contracts.ts'

/** The part of a case that amounts are read from. */
export type MoneyCase = Readonly<{
  details: DecisionCase['details']
  transaction: Readonly<{ amount: Money; refunded?: number }> | null
}>

type Details<T extends IssueType> = Extract<IssueDetails, { type: T }>

/** The amount that the details of an issue name; null where all that is left of the transaction is at stake. */
const AMOUNT_IN: Readonly<{ [T in IssueType]: (details: Details<T>) => Money | null }> = {
  DECLINE: () => null,
  MISSED_INSTALLMENT: ({ amountDue }) => amountDue,
  DISPUTE: () => null,
  REFUND_REQUEST: ({ partialAmount }) => partialAmount,
}

/** The money that a decision would move or give up; null where the case names none. */
export function findAmountAtStake({ details, transaction }: MoneyCase): Money | null {
  return amountIn(details) ?? findAmountLeft(transaction)
}

/** The part of a transaction that was not paid back, nor approved to be; null without a transaction. */
export function findAmountLeft(transaction: MoneyCase['transaction']): Money | null {
  if (transaction === null) return null
  const { amount, refunded = 0 } = transaction
  return refunded === 0 ? amount : { ...amount, amount: Math.max(0, amount.amount - refunded) }
}

function amountIn<T extends IssueType>(details: Details<T>): Money | null {
  const read: (details: Details<T>) => Money | null = AMOUNT_IN[details.type as T]
  return read(details)
}

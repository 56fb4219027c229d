import type { DecisionCase, Money } from '@redress/shared/contracts.ts'

/** The part of a case that tells about money. */
export type MoneyCase = Readonly<{ details: DecisionCase['details']; transaction: Readonly<{ amount: Money }> | null }>

/** The money that a decision would move or give up; null where the case names none. */
export function findAmountAtStake({ details, transaction }: MoneyCase): Money | null {
  if (details.type === 'MISSED_INSTALLMENT') return details.amountDue
  if (details.type === 'REFUND_REQUEST' && details.partialAmount !== null) return details.partialAmount
  return transaction?.amount ?? null
}

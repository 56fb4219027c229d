import { PAYS_OUT } from '@redress/shared/actions.ts'
import type { DecisionAction, Money, Routing } from '@redress/shared/contracts.ts'
import { findAmountAtStake, type MoneyCase } from './amount-at-stake.ts'

type Outcome = Readonly<{ action: DecisionAction; routing: Routing }>

/** The money that a decision pays out without a person; null where it pays nothing, or a person decides. */
export function moneyOut(decisionCase: MoneyCase, outcome: Outcome): Money | null {
  return paidOut(findAmountAtStake(decisionCase), outcome)
}

/** The same, where the amount at stake is known already. */
export function paidOut(atStake: Money | null, { action, routing }: Outcome): Money | null {
  return routing === 'AUTO_RESOLVE' && PAYS_OUT[action] ? atStake : null
}

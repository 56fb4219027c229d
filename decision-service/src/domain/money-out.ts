import type { DecisionAction, Money, Routing } from '@redress/shared/contracts.ts'
import { findAmountAtStake, type MoneyCase } from './amount-at-stake.ts'

type Outcome = Readonly<{ action: DecisionAction; routing: Routing }>

/** The actions that give money away. */
const PAYS: ReadonlySet<DecisionAction> = new Set(['APPROVE_REFUND', 'ACCEPT_DISPUTE'])

/** What a decision pays out with no person asked, in minor units; null where it pays nothing by itself. */
export function moneyOut(decisionCase: MoneyCase, outcome: Outcome): Money | null {
  return paidOut(findAmountAtStake(decisionCase), outcome)
}

/** The same, where it is known what is at stake. */
export function paidOut(atStake: Money | null, { action, routing }: Outcome): Money | null {
  return routing === 'AUTO_RESOLVE' && PAYS.has(action) ? atStake : null
}

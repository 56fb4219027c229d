import type { DecisionAction, Money, Routing } from '@redress/shared/contracts.ts'
import { findAmountAtStake, type MoneyCase } from './amount-at-stake.ts'

/** The actions that give money away. */
const PAYS: ReadonlySet<DecisionAction> = new Set(['APPROVE_REFUND', 'ACCEPT_DISPUTE'])

/** What a decision pays out with no person asked, in minor units; null where it pays nothing by itself. */
export function moneyOut(
  decisionCase: MoneyCase,
  { action, routing }: Readonly<{ action: DecisionAction; routing: Routing }>,
): Money | null {
  return routing === 'AUTO_RESOLVE' && PAYS.has(action) ? findAmountAtStake(decisionCase) : null
}

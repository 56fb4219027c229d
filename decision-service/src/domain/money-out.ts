import type { DecisionAction, Money, Routing } from '@redress/shared/contracts.ts'
import { findAmountAtStake, type MoneyCase } from './amount-at-stake.ts'

type Outcome = Readonly<{ action: DecisionAction; routing: Routing }>

/** Whether an action gives the amount at stake away. */
const PAYS = {
  APPROVE_REFUND: true,
  ACCEPT_DISPUTE: true,
  DENY_REFUND: false,
  CONTEST_DISPUTE: false,
  RETRY_PAYMENT: false,
  SEND_REMINDER: false,
  CHARGE_LATE_FEE: false,
  BLOCK_CARD: false,
  ESCALATE: false,
} as const satisfies Record<DecisionAction, boolean>

/** The money that a decision pays out without a person; null where it pays nothing, or a person decides. */
export function moneyOut(decisionCase: MoneyCase, outcome: Outcome): Money | null {
  return paidOut(findAmountAtStake(decisionCase), outcome)
}

/** The same, where the amount at stake is known already. */
export function paidOut(atStake: Money | null, { action, routing }: Outcome): Money | null {
  return routing === 'AUTO_RESOLVE' && PAYS[action] ? atStake : null
}

import type { Money } from '@redress/shared/contracts.ts'
import type { RiskSignals } from './payment-decision.ts'

/** The facts of a payment for business rules. `null` where one could not be read: no comparison with it holds. */
export type PaymentFacts = Readonly<{
  amount: number
  currency: string
  balance: number | null
  riskScore: number | null
  recentDisputes: number | null
  paymentsLastHour: number | null
  newPayee: boolean | null
}>

export function toPaymentFacts(amount: Money, balance: number | null, signals: RiskSignals | null): PaymentFacts {
  return {
    ...amount,
    balance,
    riskScore: signals?.riskScore ?? null,
    recentDisputes: signals?.recentIssues.DISPUTE ?? null,
    paymentsLastHour: signals?.paymentsLastHour ?? null,
    newPayee: signals?.newPayee ?? null,
  }
}

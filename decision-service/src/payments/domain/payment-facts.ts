import type { Money } from '@redress/shared/contracts.ts'
import type { RiskSignals } from './payment-decision.ts'

/** What a business rule may ask about a payment. `null` where it could not be read: nothing compares with that. */
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

import type { Money } from '@redress/shared/contracts.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { asNew, type Cause, type DomainEvent } from '@redress/shared/events/envelope.ts'
import type { TraceStep } from '../../domain/decision.ts'
import type { PaymentVerdict, RuleHit } from './payment-decision.ts'
import type { Settlement } from './settlement.ts'

/** The decision about a payment, before its effects. */
export type JudgedPayment = Readonly<{
  verdict: PaymentVerdict
  /** A code and a sentence each. */
  reasons: readonly string[]
  /** It was more than the balance. */
  balanceExceeded: boolean
  ruleHits: readonly RuleHit[]
  trace: readonly TraceStep[]
}>

/** The answer to one request, given again whenever the same is asked. No PII. */
export type StoredPayment = Readonly<{
  id: string
  customerId: string
  payeeId: string
  amount: Money
  verdict: PaymentVerdict
  reasons: readonly string[]
  trace: readonly TraceStep[]
  /** The issue that was opened for people to look at. */
  caseId: string | null
  requestId: string
  /** From the request to the answer. */
  durationMs: number
  decidedAt: Date
  /** Missing until its case was reviewed. */
  settlement?: Settlement
}>

export const paymentEntity = (id: string) => ({ type: 'PaymentDecision', id }) as const

export function paymentDecidedEvent(payment: StoredPayment, cause: Cause): DomainEvent {
  const { id, customerId, verdict, reasons, caseId, decidedAt } = payment
  return newEvent('payment.decided', {
    id: `${id}-decided`,
    at: decidedAt,
    cause,
    entity: paymentEntity(id),
    changes: asNew({ verdict, reasons, caseId }),
    data: { paymentId: id, customerId, verdict },
  })
}

import type { DecisionAction } from '@redress/shared/contracts.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { type DomainEvent, momentAfter, tracedBy } from '@redress/shared/events/envelope.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import type { NewReview } from '../../domain/review.ts'

/** The end of a payment that was not allowed at once. No money moves by it. */
export type Settlement = Readonly<{
  status: 'APPROVED' | 'DENIED' | 'EXPIRED'
  /** The action of the reviewer, and who that was; null where nobody reviewed the case in time. */
  action: DecisionAction | null
  by: string | null
  /** A code and a sentence. */
  reason: string
  at: Date
}>

/** A person may approve a payment for so many days after it was decided. */
const OPEN_DAYS = 7
/** The one action on a declined payment that makes it. */
const APPROVING: DecisionAction = 'RETRY_PAYMENT'

export const expiryOf = (decidedAt: Date): Date => new Date(decidedAt.getTime() + OPEN_DAYS * DAY_MS)

/** The settlement of a payment by the review of its case. One that has expired by then stays expired. */
export function settle(decidedAt: Date, { action, reviewer: by, at }: Settling): Settlement {
  if (at >= expiryOf(decidedAt)) return { ...expired(decidedAt), action, by, at }
  return action === APPROVING
    ? { status: 'APPROVED', action, by, reason: 'APPROVED_BY_REVIEW: A person approved the payment.', at }
    : { status: 'DENIED', action, by, reason: `DENIED_BY_REVIEW: A person chose ${action} instead of the payment.`, at }
}

type Settling = Pick<NewReview, 'action' | 'reviewer' | 'at'>
type Settled = Readonly<{ caseId: string | null; decidedAt: Date; settlement?: Settlement }>

/** When a payment with a case expires; null for one without. */
export const expiresAtOf = ({ caseId, decidedAt }: Settled): Date | null =>
  caseId === null ? null : expiryOf(decidedAt)

/** How a payment has ended by a moment; null for one that is open, or needed no person. */
export function settlementAt(payment: Settled, now: Date): Settlement | null {
  if (payment.settlement) return payment.settlement
  const expiresAt = expiresAtOf(payment)
  return expiresAt !== null && now >= expiresAt ? expired(payment.decidedAt) : null
}

function expired(decidedAt: Date): Settlement {
  const at = expiryOf(decidedAt)
  const reason = `REVIEWED_TOO_LATE: The payment was not reviewed before ${at.toISOString()}. Ask for it again.`
  return { status: 'EXPIRED', action: null, by: null, reason, at }
}

type Payment = Readonly<{ id: string; customerId: string; decidedAt: Date }>

/** A payment is settled once, so its id is derived from that of the payment. */
export function paymentSettledEvent(payment: Payment, settlement: Settlement, review: NewReview): DomainEvent {
  const { id, customerId, decidedAt } = payment
  const { status, action, at } = settlement
  const { reviewer, requestId, tenant, trace } = review
  return newEvent('payment.settled', {
    id: `${id}-settled`,
    at: momentAfter(decidedAt, at),
    cause: { actor: reviewer, requestId, ip: null, tenant, ...tracedBy(trace) },
    entity: { type: 'PaymentDecision', id },
    changes: { settlement: { before: null, after: status }, action: { before: null, after: action } },
    data: { paymentId: id, customerId, status },
  })
}

import type Stripe from 'stripe'

type DeclineCode = 'INSUFFICIENT_FUNDS' | 'CARD_EXPIRED' | 'CARD_DECLINED'
type DisputeReason = 'ITEM_NOT_RECEIVED' | 'UNAUTHORIZED' | 'PRODUCT_ISSUE'

const DECLINE_CODES: Readonly<Record<string, DeclineCode>> = {
  insufficient_funds: 'INSUFFICIENT_FUNDS',
  expired_card: 'CARD_EXPIRED',
}
/** All other reasons are about the goods, their price or their delivery in some way. */
const DISPUTE_REASONS: Readonly<Record<string, DisputeReason>> = {
  fraudulent: 'UNAUTHORIZED',
  unrecognized: 'UNAUTHORIZED',
  product_not_received: 'ITEM_NOT_RECEIVED',
}
/** Others, such as that of a warning, have no outcome for the payment. */
const OUTCOMES: Readonly<Record<string, string>> = { won: 'CHARGEBACK_WON', lost: 'CHARGEBACK_LOST' }

/**
 * The payment event of an event of Stripe, as `ingestPaymentEvents` takes it; null for one that is about no payment, or
 * changes nothing. The `externalId` of the payment is the id of its PaymentIntent, or of the charge where it has none.
 */
export function toPaymentEvent(event: Stripe.Event): Readonly<Record<string, unknown>> | null {
  const head = { id: event.id, occurredAt: new Date(event.created * 1_000).toISOString() }
  switch (event.type) {
    case 'charge.succeeded':
      return { ...head, ...ofCharge(event, event.data.object.captured ? 'PAYMENT_CAPTURED' : 'PAYMENT_AUTHORIZED') }
    case 'charge.captured':
      return { ...head, ...ofCharge(event, 'PAYMENT_CAPTURED') }
    case 'charge.failed':
      return { ...head, ...ofCharge(event, 'PAYMENT_DECLINED'), declineCode: declineCodeOf(event.data.object) }
    case 'charge.refunded': {
      const { amount_refunded: amount, currency } = event.data.object
      return { ...head, ...ofCharge(event, 'PAYMENT_REFUNDED'), amount: { amount, currency } }
    }
    case 'charge.dispute.created': {
      const disputeReason = DISPUTE_REASONS[event.data.object.reason] ?? 'PRODUCT_ISSUE'
      return { ...head, ...ofDispute(event.data.object, 'CHARGEBACK_OPENED'), disputeReason }
    }
    case 'charge.dispute.closed': {
      const type = OUTCOMES[event.data.object.status]
      return type === undefined ? null : { ...head, ...ofDispute(event.data.object, type) }
    }
    default:
      return null
  }
}

/** Without the amount: a part of what was authorised may have been captured, which Redress does not follow. */
const ofCharge = ({ data: { object } }: Readonly<{ data: { object: Stripe.Charge } }>, type: string) => ({
  type,
  paymentExternalId: idOf(object.payment_intent) ?? object.id,
})

const ofDispute = ({ payment_intent, charge }: Stripe.Dispute, type: string) => ({
  type,
  paymentExternalId: idOf(payment_intent) ?? idOf(charge),
})

const idOf = (named: string | { id: string } | null): string | null =>
  typeof named === 'object' ? (named?.id ?? null) : named

/** The code of the bank is more exact than that of Stripe. */
function declineCodeOf({ outcome, failure_code }: Stripe.Charge): DeclineCode {
  return DECLINE_CODES[outcome?.reason ?? ''] ?? DECLINE_CODES[failure_code ?? ''] ?? 'CARD_DECLINED'
}

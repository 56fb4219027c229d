import type Stripe from 'stripe'
import { expect, it } from 'vitest'
import { toPaymentEvent } from './stripe-events.ts'

const CHARGE = { id: 'ch_1', captured: true, payment_intent: 'pi_1', amount_refunded: 700, currency: 'usd' }
const DISPUTE = { id: 'dp_1', charge: 'ch_1', payment_intent: null, reason: 'fraudulent', status: 'lost' }
const eventOf = (type: string, object: object) =>
  ({ id: 'evt_1', created: 1_893_456_000, type, data: { object } }) as unknown as Stripe.Event

const declined = (declineCode: string) => ({ type: 'PAYMENT_DECLINED', paymentExternalId: 'pi_1', declineCode })

it.for<[string, object, object]>([
  ['charge.succeeded', CHARGE, { type: 'PAYMENT_CAPTURED', paymentExternalId: 'pi_1' }],
  ['charge.succeeded', { ...CHARGE, captured: false }, { type: 'PAYMENT_AUTHORIZED', paymentExternalId: 'pi_1' }],
  ['charge.captured', { ...CHARGE, payment_intent: null }, { type: 'PAYMENT_CAPTURED', paymentExternalId: 'ch_1' }],
  [
    'charge.captured',
    { ...CHARGE, payment_intent: { id: 'pi_2' } },
    { type: 'PAYMENT_CAPTURED', paymentExternalId: 'pi_2' },
  ],
  [
    'charge.failed',
    { ...CHARGE, failure_code: 'card_declined', outcome: { reason: 'insufficient_funds' } },
    declined('INSUFFICIENT_FUNDS'),
  ],
  ['charge.failed', { ...CHARGE, failure_code: 'expired_card', outcome: null }, declined('CARD_EXPIRED')],
  ['charge.failed', { ...CHARGE, failure_code: 'processing_error', outcome: null }, declined('CARD_DECLINED')],
  [
    'charge.refunded',
    CHARGE,
    { type: 'PAYMENT_REFUNDED', paymentExternalId: 'pi_1', amount: { amount: 700, currency: 'usd' } },
  ],
  [
    'charge.dispute.created',
    DISPUTE,
    { type: 'CHARGEBACK_OPENED', paymentExternalId: 'ch_1', disputeReason: 'UNAUTHORIZED' },
  ],
  [
    'charge.dispute.created',
    { ...DISPUTE, reason: 'product_not_received' },
    { type: 'CHARGEBACK_OPENED', paymentExternalId: 'ch_1', disputeReason: 'ITEM_NOT_RECEIVED' },
  ],
  [
    'charge.dispute.created',
    { ...DISPUTE, reason: 'duplicate' },
    { type: 'CHARGEBACK_OPENED', paymentExternalId: 'ch_1', disputeReason: 'PRODUCT_ISSUE' },
  ],
  ['charge.dispute.closed', DISPUTE, { type: 'CHARGEBACK_LOST', paymentExternalId: 'ch_1' }],
  ['charge.dispute.closed', { ...DISPUTE, status: 'won' }, { type: 'CHARGEBACK_WON', paymentExternalId: 'ch_1' }],
])('%s of Stripe is the payment event with its id and moment', ([type, object, expected]) => {
  expect(toPaymentEvent(eventOf(type, object))).toEqual({
    ...{ id: 'evt_1', occurredAt: '2030-01-01T00:00:00.000Z' },
    ...expected,
  })
})

it.for([
  ['charge.dispute.closed', { ...DISPUTE, status: 'warning_closed' }],
  ['payout.paid', { id: 'po_1' }],
] as const)('%s without an outcome for a payment is none', ([type, object]) => {
  expect(toPaymentEvent(eventOf(type, object))).toBeNull()
})

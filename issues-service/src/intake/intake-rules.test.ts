import type { TransactionStatus } from '@redress/shared/contracts.ts'
import { describe, expect, it } from 'vitest'
import { NO_APPROVALS, type Transaction } from '../transactions/transaction.ts'
import { changeBy, detailsOf } from './intake-rules.ts'
import type { PaymentEvent, PaymentEventType } from './payment-event.ts'

const now = new Date('2030-06-15T12:00:00Z')
const context = { cause: { actor: 'psp', requestId: null, ip: null, tenant: 'default' }, now }
const usd = (amount: number) => ({ amount, currency: 'USD' })
const paymentThatIs = (status: TransactionStatus, change: Partial<Transaction> = {}): Transaction => ({
  ...{
    id: 'txn_1',
    tenant: 'default',
    externalId: 'order-1',
    customerId: 'cust_1',
    merchant: 'Shop',
    amount: usd(5_000),
    status,
  },
  ...{ refunded: 0, approvals: NO_APPROVALS, installmentPlan: null, shipping: null, version: 1 },
  ...{ createdAt: new Date('2030-06-01T00:00:00Z'), updatedAt: now },
  ...change,
})
const eventOf = (type: PaymentEventType, change: Partial<PaymentEvent> = {}): PaymentEvent => ({
  ...{ eventId: 'e-1', type, occurredAt: new Date('2030-06-10T00:00:00Z'), paymentExternalId: 'order-1' },
  ...{ amount: null, declineCode: null, autoRetryCount: null, installmentNumber: null, disputeReason: null },
  ...change,
})
const statusAfter = (type: PaymentEventType, status: TransactionStatus) => {
  try {
    return changeBy(eventOf(type), paymentThatIs(status), context)?.transaction.status ?? 'same'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('an event of a payment', () => {
  const no = 'INVALID_TRANSITION'
  // Written by hand, not derived from INTAKE_RULES.
  it.for<[PaymentEventType, Record<TransactionStatus, string>]>([
    [
      'PAYMENT_AUTHORIZED',
      { AUTHORIZED: 'same', CAPTURED: 'same', DECLINED: 'AUTHORIZED', REFUNDED: 'same', DISPUTED: 'same' },
    ],
    [
      'PAYMENT_CAPTURED',
      { AUTHORIZED: 'CAPTURED', CAPTURED: 'same', DECLINED: 'CAPTURED', REFUNDED: 'same', DISPUTED: 'same' },
    ],
    ['PAYMENT_DECLINED', { AUTHORIZED: 'DECLINED', CAPTURED: no, DECLINED: 'same', REFUNDED: no, DISPUTED: no }],
    [
      'PAYMENT_REFUNDED',
      { AUTHORIZED: no, CAPTURED: 'REFUNDED', DECLINED: no, REFUNDED: 'REFUNDED', DISPUTED: 'REFUNDED' },
    ],
    [
      'INSTALLMENT_MISSED',
      { AUTHORIZED: 'same', CAPTURED: 'same', DECLINED: 'same', REFUNDED: 'same', DISPUTED: 'same' },
    ],
    [
      'CHARGEBACK_OPENED',
      { AUTHORIZED: no, CAPTURED: 'DISPUTED', DECLINED: no, REFUNDED: 'DISPUTED', DISPUTED: 'same' },
    ],
    ['CHARGEBACK_WON', { AUTHORIZED: no, CAPTURED: no, DECLINED: no, REFUNDED: no, DISPUTED: 'CAPTURED' }],
    ['CHARGEBACK_LOST', { AUTHORIZED: no, CAPTURED: no, DECLINED: no, REFUNDED: no, DISPUTED: 'REFUNDED' }],
  ])('%s moves the payment by its state', ([type, after]) => {
    const found = Object.keys(after).map((status) => [status, statusAfter(type, status as TransactionStatus)])

    expect(Object.fromEntries(found)).toEqual(after)
  })

  it('PAYMENT_REFUNDED raises the sum of refunds, and never lowers it', () => {
    const refund = (amount: number | null, refunded: number) => {
      const event = eventOf('PAYMENT_REFUNDED', { amount: amount === null ? null : usd(amount) })
      const change = changeBy(event, paymentThatIs('CAPTURED', { refunded }), context)
      return change && [change.transaction.status, change.transaction.refunded]
    }

    expect(refund(700, 0)).toEqual(['CAPTURED', 700])
    expect(refund(700, 900)).toBeNull()
    expect(refund(5_000, 900)).toEqual(['REFUNDED', 5_000])
    expect(refund(null, 0)).toEqual(['REFUNDED', 5_000])
    expect(() => refund(5_001, 0)).toThrow(expect.objectContaining({ code: 'REFUND_EXCEEDS_PAYMENT' }))
  })

  it('is refused with an amount that cannot be that of the payment', () => {
    const amounts = [{ amount: 5_000, currency: 'EUR' }, usd(4_999)]

    for (const amount of amounts) {
      const event = eventOf('PAYMENT_CAPTURED', { amount })
      expect(() => changeBy(event, paymentThatIs('AUTHORIZED'), context)).toThrow(
        expect.objectContaining({ code: 'DETAILS_MISMATCH' }),
      )
    }
  })

  it('opens an issue by the record of the payment, where the event does not say it', () => {
    const plan = { totalInstallments: 4, installmentAmount: usd(1_250) }
    const payment = paymentThatIs('CAPTURED', { installmentPlan: plan })
    const missed = eventOf('INSTALLMENT_MISSED', { installmentNumber: 2 })

    expect(detailsOf('MISSED_INSTALLMENT', missed, payment, now)).toEqual({
      ...{ type: 'MISSED_INSTALLMENT', installmentNumber: 2, totalInstallments: 4, amountDue: usd(1_250) },
      daysOverdue: 5,
    })
    expect(
      detailsOf('DISPUTE', eventOf('CHARGEBACK_OPENED', { disputeReason: 'PRODUCT_ISSUE' }), payment, now),
    ).toEqual({ type: 'DISPUTE', reason: 'PRODUCT_ISSUE', daysSincePurchase: 14 })
    expect(detailsOf('DECLINE', eventOf('PAYMENT_DECLINED'), payment, now)).toEqual({
      ...{ type: 'DECLINE', errorCode: 'CARD_DECLINED', autoRetryCount: 0 },
    })
  })

  it.for([
    ['without a plan', null, 1],
    ['after the last one of the plan', { totalInstallments: 4, installmentAmount: usd(1_250) }, 5],
  ] as const)('opens no issue about an instalment of a payment %s', ([, installmentPlan, installmentNumber]) => {
    const event = eventOf('INSTALLMENT_MISSED', { installmentNumber })
    const payment = paymentThatIs('CAPTURED', { installmentPlan })

    expect(() => detailsOf('MISSED_INSTALLMENT', event, payment, now)).toThrow(
      expect.objectContaining({ code: 'DETAILS_MISMATCH' }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RefundExceedsPaymentError } from '../domain/errors.ts'
import {
  approvedOf,
  approveRefund,
  countFormerRefunds,
  leftOf,
  openTransaction,
  type Transaction,
  updateTransaction,
} from './transaction.ts'

const now = new Date('2030-06-15T12:00:00Z')
const when = { cause: { actor: 'ada', requestId: null, ip: null, tenant: 'default' }, now }
const { transaction: paid } = openTransaction({
  ...when,
  id: 'txn_1',
  externalId: 'order-1',
  customerId: 'cust_1',
  merchant: 'Shop',
  amount: { amount: 100, currency: 'USD' },
  status: 'CAPTURED',
  refunded: 0,
  installmentPlan: null,
  shipping: null,
  paidAt: now,
})
const usd = (amount: number) => ({ amount, currency: 'USD' })
const approve = (transaction: Transaction, asked: number | null) =>
  approveRefund(transaction, asked === null ? null : usd(asked), when)
const record = (transaction: Transaction, refunded: number) =>
  updateTransaction(transaction, { status: transaction.status, refunded, seenVersion: null }, when)

describe('a refund', () => {
  it('is approved as asked for, or as all that is left', () => {
    const part = approve(paid, 30)!
    const rest = approve(part.change.transaction, null)!

    expect([part.amount, rest.amount]).toEqual([usd(30), usd(70)])
    expect(rest.change.transaction).toMatchObject({ approvals: { sum: 100, upTo: 100 }, refunded: 0, version: 3 })
    expect(rest.change.event).toMatchObject({
      id: 'txn_1-3',
      type: 'transaction.updated',
      changes: { approved: { before: 30, after: 100 } },
    })
  })

  it('is not approved beyond what is left, of nothing, or in another currency', () => {
    const { transaction } = approve(paid, 60)!.change

    expect(approve(transaction, 41)).toBeNull()
    expect(approve(approve(transaction, 40)!.change.transaction, null)).toBeNull()
    expect(approveRefund(paid, { amount: 1, currency: 'EUR' }, when)).toBeNull()
    expect(approve({ ...paid, status: 'DECLINED' }, 1)).toBeNull()
  })

  it('that was paid takes up what was approved before', () => {
    const { transaction } = approve(paid, 60)!.change

    const { transaction: partly, event } = record(transaction, 50)!

    expect([partly.refunded, approvedOf(partly), leftOf(partly)]).toEqual([50, 10, 40])
    expect(event).toMatchObject({
      changes: { refunded: { before: 0, after: 50 }, approved: { before: 60, after: 10 } },
    })
  })

  it('that turns out not to have been paid is still approved, and is not approved again', () => {
    const { transaction } = approve(record(paid, 30)!.transaction, 70)!.change
    const { transaction: wholly } = record(transaction, 100)!

    const { transaction: corrected } = record(wholly, 30)!

    expect([approvedOf(wholly), approvedOf(corrected)]).toEqual([0, 70])
    expect(approve(corrected, 1)).toBeNull()
    expect(approvedOf(record(corrected, 0)!.transaction)).toBe(70)
  })

  it('stays as it was recorded where a payment that is REFUNDED is recorded again', () => {
    const moved = (transaction: Transaction, change: object) =>
      updateTransaction(transaction, { status: 'REFUNDED', seenVersion: null, ...change }, when)
    const { transaction } = moved(paid, { refunded: 40 })!

    expect(moved(transaction, {})).toBeNull()
    expect(moved(transaction, { shipping: { status: 'SHIPPED', deliveredAt: null } })?.transaction.refunded).toBe(40)
    expect(moved(paid, {})?.transaction.refunded).toBe(100)
  })

  // [sum of former refunds, paid back so far, approved since] to what is still approved.
  it.for<[number, number, number, number]>([
    [60, 0, 0, 60],
    [60, 0, 40, 100],
    [60, 60, 40, 40],
    [30, 30, 40, 40],
    [60, 20, 0, 40],
    [60, 0, 60, 100],
    [250, 0, 0, 100],
    [60, 100, 0, 0],
  ])(
    'of %i that was approved before approvals were counted, with %i paid back and %i approved since, leaves %i approved',
    ([sum, refunded, since, expected]) => {
      const recorded = refunded === 0 ? paid : record(paid, refunded)!.transaction
      const before = since === 0 ? recorded : approve(recorded, since)!.change.transaction

      const { transaction, event } = countFormerRefunds(before, sum, when)

      expect(approvedOf(transaction)).toBe(expected)
      expect(refunded + expected + leftOf(transaction)).toBe(100)
      expect(event).toMatchObject({ changes: { approved: { before: since, after: expected } } })
    },
  )

  it('never makes the sum of those approved and paid exceed the payment', () => {
    const act = fc.record({
      isApproval: fc.boolean(),
      amount: fc.option(fc.integer({ min: 1, max: 110 }), { freq: 4 }),
    })

    fc.assert(
      fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
        let [transaction, granted] = [paid, 0]
        for (const { isApproval, amount } of acts) {
          const approval = isApproval ? approve(transaction, amount) : null
          granted += approval?.amount.amount ?? 0
          const change = isApproval ? approval?.change : tryToRecord(transaction, amount ?? 0)
          transaction = change?.transaction ?? transaction
          expect(transaction.refunded + approvedOf(transaction)).toBeLessThanOrEqual(100)
          expect(approvedOf(transaction)).toBeGreaterThanOrEqual(0)
          // Any state and correction may have been recorded in between.
          expect(granted).toBeLessThanOrEqual(100)
        }
      }),
    )
  })
})

function tryToRecord(transaction: Transaction, refunded: number) {
  try {
    return record(transaction, refunded)
  } catch (error) {
    if (error instanceof RefundExceedsPaymentError) return null
    throw error
  }
}

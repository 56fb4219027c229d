import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RefundExceedsPaymentError } from './errors.ts'
import { approveRefund, leftOf, openTransaction, type Transaction, updateTransaction } from './transaction.ts'

const now = new Date('2030-06-15T12:00:00Z')
const when = { cause: { actor: 'ada', requestId: null, ip: null }, now }
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
    expect(rest.change.transaction).toMatchObject({ approved: 100, refunded: 0, version: 3 })
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
  })

  it('that was paid takes up what was approved before', () => {
    const { transaction } = approve(paid, 60)!.change

    const { transaction: partly } = record(transaction, 50)!

    expect(partly).toMatchObject({ refunded: 50, approved: 10 })
    expect(leftOf(partly)).toBe(40)
  })

  it('never makes the sum of those approved and paid exceed the payment', () => {
    const act = fc.record({
      isApproval: fc.boolean(),
      amount: fc.option(fc.integer({ min: 1, max: 110 }), { freq: 4 }),
    })

    fc.assert(
      fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
        let transaction = paid
        for (const { isApproval, amount } of acts) {
          transaction =
            (isApproval ? approve(transaction, amount)?.change : tryToRecord(transaction, amount ?? 0))?.transaction ??
            transaction
          expect(transaction.refunded + transaction.approved).toBeLessThanOrEqual(100)
          expect(transaction.approved).toBeGreaterThanOrEqual(0)
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

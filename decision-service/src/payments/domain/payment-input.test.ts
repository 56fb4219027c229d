import { findSchemaProblems } from '@redress/shared/testing/schema-problems.ts'
import { describe, expect, it } from 'vitest'
import { digestOfPayment, formerPaymentIdFor, type PaymentInput, paymentIdFor } from './payment-input.ts'

const problemsOf = findSchemaProblems(new URL('../../../schema.graphql', import.meta.url), 'DecidePaymentInput')
const input: PaymentInput = {
  customerId: 'cust_1',
  payeeId: 'payee_1',
  amount: { amount: 1, currency: 'USD' },
  idempotencyKey: 'k-1',
}

describe('the input of a payment', () => {
  it.for<[string, object]>([
    ['customerId', { customerId: ' ' }],
    ['customerId', { customerId: 'c'.repeat(101) }],
    ['payeeId', { payeeId: '' }],
    ['payeeId', { payeeId: 'p'.repeat(101) }],
    ['payeeId', { payeeId: 'payee\ud800' }],
    ['payeeId', { payeeId: 'payee\u007f' }],
    ['idempotencyKey', { idempotencyKey: '' }],
    ['idempotencyKey', { idempotencyKey: 'k'.repeat(201) }],
    ['amount.amount', { amount: { amount: 0, currency: 'USD' } }],
    ['amount.amount', { amount: { amount: 100_000_001, currency: 'USD' } }],
  ])('is refused for its %s', ([path, change]) => {
    expect(problemsOf({ ...input, ...change }).map((problem) => problem.path.join('.'))).toEqual([path])
  })

  it('names one payment by caller, customer and key, however these are put together', () => {
    const other = { ...input, customerId: 'cust_1k', idempotencyKey: '-1' }

    const id = paymentIdFor(input, 'ada')
    expect(paymentIdFor({ ...input, payeeId: 'payee_2' }, 'ada')).toBe(id)
    expect(id).toMatch(/^pay_[0-9a-f]{32}$/)
    expect([paymentIdFor(other, 'ada'), paymentIdFor(input, 'bob'), formerPaymentIdFor(input)]).not.toContain(id)
  })

  it('is another one where amount, currency or payee differ', () => {
    const digests = [
      input,
      { ...input, payeeId: 'payee_2' },
      { ...input, amount: { amount: 2, currency: 'USD' } },
      { ...input, amount: { amount: 1, currency: 'EUR' } },
    ].map(digestOfPayment)

    expect(new Set(digests).size).toBe(4)
    expect(digestOfPayment({ ...input, idempotencyKey: 'k-2' })).toBe(digests[0])
  })
})

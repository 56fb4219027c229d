import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOf } from './claim.ts'
import type { IssueInput } from './issue-input.ts'

const usd = (amount: number) => ({ amount, currency: 'USD' })
const inputWith = (change: Partial<IssueInput>): IssueInput => ({
  idempotencyKey: 'key-1',
  customerId: 'cust_1',
  transactionId: null,
  priority: 'NORMAL',
  details: { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 0 },
  ...change,
})
const refund = { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 0, partialAmount: null } as const

describe('the digest of an input', () => {
  it('does not depend on the order in which fields are given', () => {
    const { details, ...rest } = inputWith({})

    expect(digestOf({ details, ...rest })).toBe(digestOf({ ...rest, details }))
  })

  it('differs when anything that was asked for differs', () => {
    const digests = [
      inputWith({}),
      inputWith({ priority: 'HIGH' }),
      inputWith({ customerId: 'cust_2' }),
      inputWith({ transactionId: 'txn_1' }),
      inputWith({ details: { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 1 } }),
      inputWith({ details: refund }),
      inputWith({ details: { ...refund, partialAmount: usd(1) } }),
    ].map(digestOf)

    expect(new Set(digests).size).toBe(7)
  })

  it('cannot be steered by text that looks like structure', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (customerId, transactionId) => {
        const other = inputWith({ customerId: transactionId, transactionId: customerId })

        const same = digestOf(inputWith({ customerId, transactionId })) === digestOf(other)

        expect(same).toBe(customerId === transactionId)
      }),
    )
  })
})

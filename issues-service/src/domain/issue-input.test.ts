import type { IssueDetails } from '@redress/shared/contracts.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOf } from './claim.ts'
import { checkIssueInput, type IssueInput } from './issue-input.ts'

const usd = (amount: number) => ({ amount, currency: 'USD' })
const inputWith = (change: Partial<IssueInput>): IssueInput => ({
  idempotencyKey: 'key-1',
  customerId: 'cust_1',
  transactionId: null,
  priority: 'NORMAL',
  details: { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 0 },
  ...change,
})
const installment = {
  type: 'MISSED_INSTALLMENT',
  installmentNumber: 2,
  totalInstallments: 4,
  amountDue: usd(1),
  daysOverdue: 0,
} as const
const refund = { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 0, partialAmount: null } as const

describe('the input of a new issue', () => {
  it.for<[string, IssueDetails]>([
    ['input.details.decline.autoRetryCount', { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: -1 }],
    ['input.details.decline.autoRetryCount', { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 101 }],
    ['input.details.missedInstallment.totalInstallments', { ...installment, totalInstallments: 0 }],
    ['input.details.missedInstallment.installmentNumber', { ...installment, installmentNumber: 5 }],
    ['input.details.missedInstallment.daysOverdue', { ...installment, daysOverdue: 3651 }],
    ['input.details.missedInstallment.amountDue.amount', { ...installment, amountDue: usd(0) }],
    ['input.details.dispute.daysSincePurchase', { type: 'DISPUTE', reason: 'UNAUTHORIZED', daysSincePurchase: -1 }],
    ['input.details.refundRequest.daysSincePurchase', { ...refund, daysSincePurchase: 3651 }],
    ['input.details.refundRequest.partialAmount.amount', { ...refund, partialAmount: usd(100_000_001) }],
  ])('that is out of range at %s is refused with that path', ([path, details]) => {
    const refusal = expect.objectContaining({ code: 'BAD_USER_INPUT', facts: { argumentPath: path.split('.') } })

    expect(() => checkIssueInput(inputWith({ details }))).toThrow(refusal)
  })

  it.for(['', '   ', 'x'.repeat(201)])(
    'needs an idempotency key of 1 to 200 characters, not "%s"',
    (idempotencyKey) => {
      expect(() => checkIssueInput(inputWith({ idempotencyKey }))).toThrow(
        expect.objectContaining({ code: 'BAD_USER_INPUT' }),
      )
    },
  )

  it('is accepted at the ends of every range', () => {
    checkIssueInput(
      inputWith({ details: { ...installment, installmentNumber: 4, daysOverdue: 3650, amountDue: usd(100_000_000) } }),
    )
    checkIssueInput(inputWith({ details: { ...refund, partialAmount: usd(1) } }))
  })
})

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

import { findSchemaProblems } from '@redress/shared/testing/schema-problems.ts'
import { describe, expect, it } from 'vitest'

const problemsOf = findSchemaProblems(new URL('../schema.graphql', import.meta.url), 'CreateIssueInput')
const usd = (amount: number) => ({ amount, currency: 'USD' })
const decline = { errorCode: 'CARD_EXPIRED', autoRetryCount: 0 }
const installment = { installmentNumber: 2, totalInstallments: 4, amountDue: usd(1), daysOverdue: 0 }
const refund = { reason: 'DEFECTIVE', daysSincePurchase: 0 }
const inputWith = (change: object) => ({
  idempotencyKey: 'key-1',
  customerId: 'cust_1',
  details: { decline },
  ...change,
})

describe('the input of a new issue', () => {
  it.for<[string, object]>([
    ['details.decline.autoRetryCount', { decline: { ...decline, autoRetryCount: -1 } }],
    ['details.decline.autoRetryCount', { decline: { ...decline, autoRetryCount: 101 } }],
    ['details.missedInstallment.totalInstallments', { missedInstallment: { ...installment, totalInstallments: 121 } }],
    ['details.missedInstallment.installmentNumber', { missedInstallment: { ...installment, installmentNumber: 0 } }],
    ['details.missedInstallment.daysOverdue', { missedInstallment: { ...installment, daysOverdue: 3651 } }],
    ['details.missedInstallment.amountDue.amount', { missedInstallment: { ...installment, amountDue: usd(0) } }],
    ['details.dispute.daysSincePurchase', { dispute: { reason: 'UNAUTHORIZED', daysSincePurchase: -1 } }],
    ['details.refundRequest.daysSincePurchase', { refundRequest: { ...refund, daysSincePurchase: 3651 } }],
    ['details.refundRequest.partialAmount.amount', { refundRequest: { ...refund, partialAmount: usd(100_000_001) } }],
  ])('that is out of range at %s is refused with that path', ([path, details]) => {
    expect(problemsOf(inputWith({ details })).map((problem) => problem.path.join('.'))).toEqual([path])
  })

  it.for([
    ['idempotencyKey', ''],
    ['idempotencyKey', '   '],
    ['idempotencyKey', 'x'.repeat(201)],
    ['idempotencyKey', '\ud800-1'],
    ['idempotencyKey', 'a\u0000'],
    ['customerId', 'cust\n'],
    ['customerId', 'c'.repeat(101)],
    ['transactionId', 't\udfff'],
    ['customerMessage', 'm'.repeat(2001)],
    ['customerMessage', 'half \udc00'],
    ['customerMessage', '\u001b[2J'],
  ] as const)('with the %s %j is refused', ([field, text]) => {
    expect(problemsOf(inputWith({ [field]: text }))).toMatchObject([{ path: [field] }])
  })

  it('is refused with all of its problems at once', () => {
    const wrong = { idempotencyKey: '', details: { decline: { ...decline, autoRetryCount: 200 } } }

    expect(problemsOf(inputWith(wrong))).toHaveLength(2)
  })

  it('is accepted at the ends of every range, and with a message of several lines', () => {
    const longest = { ...installment, installmentNumber: 4, daysOverdue: 3650, amountDue: usd(100_000_000) }

    expect(problemsOf(inputWith({ details: { missedInstallment: longest } }))).toEqual([])
    expect(problemsOf(inputWith({ details: { refundRequest: { ...refund, partialAmount: usd(1) } } }))).toEqual([])
    expect(problemsOf(inputWith({ customerMessage: 'Hello,\r\n\tit is 👍' }))).toEqual([])
  })
})

it('a filter by an empty payment is refused: the index of payments has none, so that it would walk all issues', () => {
  const problems = findSchemaProblems(new URL('../schema.graphql', import.meta.url), 'IssueFilter')

  expect(problems({ transactionId: '' })).toMatchObject([{ path: ['transactionId'] }])
})

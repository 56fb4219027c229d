import type { IssueDetails } from '@redress/shared/contracts.ts'
import { describe, expect, it } from 'vitest'
import { NO_APPROVALS, type Transaction } from '../../transactions/transaction.ts'
import { findMismatch, toRecorded } from './recorded-details.ts'

const AT = new Date('2030-06-15T12:00:00Z')
const usd = (amount: number) => ({ amount, currency: 'USD' })
const payment: Transaction = {
  id: 'txn_1',
  tenant: 'default',
  externalId: null,
  customerId: 'cust_1',
  merchant: 'Shop',
  amount: usd(25_000),
  status: 'CAPTURED',
  refunded: 0,
  approvals: NO_APPROVALS,
  installmentPlan: { totalInstallments: 4, installmentAmount: usd(6_250) },
  shipping: null,
  version: 1,
  createdAt: new Date('2030-04-11T12:00:01Z'),
  updatedAt: AT,
}
const refund = (daysSincePurchase: number, partialAmount: { amount: number; currency: string } | null = null) =>
  ({ type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase, partialAmount }) as const
const installment = (change: object = {}): IssueDetails => ({
  type: 'MISSED_INSTALLMENT',
  installmentNumber: 2,
  totalInstallments: 4,
  amountDue: usd(6_250),
  daysOverdue: 5,
  ...change,
})

describe('the details that are decided on', () => {
  it('have the full days since the payment, whatever the issue says', () => {
    const { details, differences } = toRecorded(refund(1), payment, AT)

    expect(details).toEqual(refund(64))
    expect(differences).toEqual([{ field: 'daysSincePurchase', claimed: 1, recorded: 64 }])
  })

  it('have the plan of the payment, and at most its instalment as due', () => {
    const { details, differences } = toRecorded(
      installment({ totalInstallments: 120, amountDue: usd(9_000) }),
      payment,
      AT,
    )

    expect(details).toEqual(installment())
    expect(differences).toEqual([
      { field: 'totalInstallments', claimed: 120, recorded: 4 },
      { field: 'amountDue', claimed: 9_000, recorded: 6_250 },
    ])
  })

  it('may have less than an instalment as due, because a part of it may be paid', () => {
    expect(toRecorded(installment({ amountDue: usd(250) }), payment, AT)).toEqual({
      details: installment({ amountDue: usd(250) }),
      differences: [],
    })
  })

  it.for<IssueDetails>([
    refund(64),
    { type: 'DISPUTE', reason: 'UNAUTHORIZED', daysSincePurchase: 64 },
    { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 3 },
    installment(),
  ])('are those of the issue where the record agrees: %o', (details) => {
    expect(toRecorded(details, payment, AT)).toEqual({ details, differences: [] })
  })

  it('are those of the issue where it names no payment', () => {
    expect(toRecorded(refund(1), null, AT)).toEqual({ details: refund(1), differences: [] })
  })
})

describe('an issue', () => {
  it.for<[IssueDetails, Partial<Transaction>, string]>([
    [refund(1, { amount: 1, currency: 'EUR' }), {}, 'refundRequest.partialAmount.currency'],
    [refund(1, usd(25_001)), {}, 'refundRequest.partialAmount.amount'],
    [installment({ installmentNumber: 5, totalInstallments: 5 }), {}, 'missedInstallment.installmentNumber'],
    [installment({ amountDue: { amount: 1, currency: 'EUR' } }), {}, 'missedInstallment.amountDue.currency'],
    [installment(), { installmentPlan: null }, 'missedInstallment'],
  ])('with %o cannot be about the payment, if that has %o', ([details, change, field]) => {
    const mismatch = findMismatch(details, { ...payment, ...change })

    expect(mismatch).toMatchObject({ code: 'DETAILS_MISMATCH' })
    expect(mismatch?.facts.argumentPath.join('.')).toBe(`input.details.${field}`)
  })

  it.for<IssueDetails>([
    refund(1, usd(25_000)),
    refund(9_999),
    installment({ installmentNumber: 4 }),
    { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 0 },
  ])('with %o can be about the payment', (details) => {
    expect(findMismatch(details, payment)).toBeNull()
  })
})

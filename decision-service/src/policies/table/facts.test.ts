import { readFileSync } from 'node:fs'
import type { DecisionCase, IssueType } from '@redress/shared/contracts.ts'
import { describe, expect, it } from 'vitest'
import { FACTS, readFacts } from './facts.ts'

const coverage = { currencies: ['USD', 'EUR'], maxAmount: 10_000 }
const base: Omit<DecisionCase, 'details'> = {
  issueId: 'iss_1',
  priority: 'HIGH',
  customer: {
    id: 'cust_1',
    riskScore: 33,
    accountAgeDays: 90,
    recentIssues: { DECLINE: 1, MISSED_INSTALLMENT: 2, DISPUTE: 3, REFUND_REQUEST: 4 },
  },
  transaction: {
    id: 'txn_1',
    amount: { amount: 9000, currency: 'EUR' },
    status: 'CAPTURED',
    ageDays: 7,
    shippingStatus: 'DELIVERED',
  },
}
const refund = (partialAmount: { amount: number; currency: string } | null): DecisionCase => ({
  ...base,
  details: { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 6, partialAmount },
})

describe('the facts of a case', () => {
  it('are flat', () => {
    const facts = readFacts(refund(null), coverage)

    expect(facts).toEqual({
      reason: 'DEFECTIVE',
      daysSincePurchase: 6,
      partialRefund: false,
      amount: 9000,
      currency: 'EUR',
      currencySupported: true,
      aboveCeiling: false,
      amountExceedsTransaction: false,
      currencyDiffers: false,
      transactionKnown: true,
      transactionStatus: 'CAPTURED',
      transactionAmount: 9000,
      refundedAmount: 0,
      transactionCurrency: 'EUR',
      transactionAgeDays: 7,
      shippingStatus: 'DELIVERED',
      priority: 'HIGH',
      riskScore: 33,
      accountAgeDays: 90,
      recentDeclines: 1,
      recentMissedInstallments: 2,
      recentDisputes: 3,
      recentRefundRequests: 4,
    })
  })

  it('take the requested part as the amount at stake', () => {
    const facts = readFacts(refund({ amount: 12_000, currency: 'USD' }), coverage)

    expect(facts).toMatchObject({
      amount: 12_000,
      currency: 'USD',
      aboveCeiling: true,
      amountExceedsTransaction: true,
      currencyDiffers: true,
      partialRefund: true,
      transactionAmount: 9000,
    })
  })

  it('take all that is left of the payment as the amount at stake, and compare a part with it', () => {
    const refunded = (partialAmount: Parameters<typeof refund>[0], before = 4_000) => {
      const { transaction, ...rest } = refund(partialAmount)
      return readFacts({ ...rest, transaction: { ...transaction!, refunded: before } }, coverage)
    }

    expect(refunded(null)).toMatchObject({ amount: 5_000, amountExceedsTransaction: false, refundedAmount: 4_000 })
    expect(refunded({ amount: 5_000, currency: 'EUR' }).amountExceedsTransaction).toBe(false)
    expect(refunded({ amount: 5_001, currency: 'EUR' }).amountExceedsTransaction).toBe(true)
    // Only a made-up case can say so.
    expect(refunded(null, 9_001).amount).toBe(0)
  })

  it('take the instalment as the amount at stake, and count the remaining ones', () => {
    const details = {
      type: 'MISSED_INSTALLMENT' as const,
      installmentNumber: 2,
      totalInstallments: 4,
      amountDue: { amount: 2250, currency: 'EUR' },
      daysOverdue: 5,
    }

    const facts = readFacts({ ...base, details }, coverage)

    expect(facts).toMatchObject({
      amount: 2250,
      remainingInstallments: 2,
      daysOverdue: 5,
      amountExceedsTransaction: false,
    })
  })

  it('are none where there is no transaction', () => {
    const facts = readFacts({ ...refund(null), transaction: null }, coverage)

    expect(facts).toMatchObject({
      transactionKnown: false,
      amount: null,
      currency: null,
      currencySupported: false,
      aboveCeiling: false,
      transactionStatus: null,
      transactionAmount: null,
      shippingStatus: null,
    })
  })
})

describe('the list of facts for people who write policies', () => {
  const readme = readFileSync(new URL('../../../../skills/README.md', import.meta.url), 'utf8')

  it.for<IssueType>(['DECLINE', 'MISSED_INSTALLMENT', 'DISPUTE', 'REFUND_REQUEST'])(
    'is complete for %s',
    (issueType) => {
      const missing = Object.keys(FACTS[issueType]).filter((name) => !readme.includes(`\`${name}\``))

      expect(missing).toEqual([])
    },
  )
})

import type { DecisionCase } from '@redress/shared/contracts.ts'
import fc from 'fast-check'

/** Random cases; numbers are drawn from around the limits of the policies more often than from elsewhere. */

const count = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.nat({ max: 50 }))
const days = fc.oneof(
  fc.constantFrom(0, 3, 4, 7, 8, 14, 15, 30, 31, 45, 46, 60, 61, 90, 91, 120, 121, 730, 731),
  fc.nat({ max: 3650 }),
)
const money = fc.record({
  amount: fc.oneof(
    fc.constantFrom(-1, 0, 1, 1999, 2000, 4999, 5000, 29999, 30000, 50000, 100000, 100001, 200000, 200001),
    fc.integer({ min: -1000, max: 100_000_000 }),
  ),
  currency: fc.constantFrom('USD', 'USD', 'USD', 'EUR', 'GBP', 'JPY', 'KWD'),
})

const details: fc.Arbitrary<DecisionCase['details']> = fc.oneof(
  fc.record({
    type: fc.constant('DECLINE' as const),
    errorCode: fc.constantFrom('INSUFFICIENT_FUNDS' as const, 'CARD_EXPIRED' as const, 'CARD_DECLINED' as const),
    autoRetryCount: count,
  }),
  fc.record({
    type: fc.constant('MISSED_INSTALLMENT' as const),
    installmentNumber: fc.integer({ min: 1, max: 6 }),
    totalInstallments: fc.integer({ min: 1, max: 120 }),
    amountDue: money,
    daysOverdue: days,
  }),
  fc.record({
    type: fc.constant('DISPUTE' as const),
    reason: fc.constantFrom('ITEM_NOT_RECEIVED' as const, 'UNAUTHORIZED' as const, 'PRODUCT_ISSUE' as const),
    daysSincePurchase: days,
  }),
  fc.record({
    type: fc.constant('REFUND_REQUEST' as const),
    reason: fc.constantFrom('CHANGED_MIND' as const, 'DEFECTIVE' as const, 'WRONG_ITEM' as const),
    daysSincePurchase: days,
    partialAmount: fc.option(money),
  }),
)

const transaction: fc.Arbitrary<NonNullable<DecisionCase['transaction']>> = fc.record(
  {
    id: fc.string(),
    amount: money,
    status: fc.constantFrom('AUTHORIZED', 'CAPTURED', 'CAPTURED', 'DECLINED', 'REFUNDED', 'DISPUTED'),
    ageDays: days,
    shippingStatus: fc.constantFrom('PENDING', 'IN_TRANSIT', 'DELIVERED', 'LOST'),
  },
  { requiredKeys: ['id', 'amount', 'status', 'ageDays'] },
)

export const anyDecisionCase: fc.Arbitrary<DecisionCase> = fc.record({
  issueId: fc.string(),
  priority: fc.constantFrom('LOW', 'NORMAL', 'HIGH', 'CRITICAL'),
  details,
  customer: fc.record({
    id: fc.string(),
    riskScore: fc.nat({ max: 100 }),
    accountAgeDays: days,
    recentIssues: fc.record({ DECLINE: count, MISSED_INSTALLMENT: count, DISPUTE: count, REFUND_REQUEST: count }),
  }),
  transaction: fc.option(transaction, { freq: 10 }),
})

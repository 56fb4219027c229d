import type { DecisionAction, IssueDetails, Money, Routing } from '@redress/shared/contracts.ts'
import { describe, expect, it } from 'vitest'
import { moneyOut } from './money-out.ts'

const whole = { amount: 5_000, currency: 'USD' }
const part = { amount: 700, currency: 'EUR' }
const refund = (partialAmount: Money | null): IssueDetails => ({
  type: 'REFUND_REQUEST',
  reason: 'DEFECTIVE',
  daysSincePurchase: 2,
  partialAmount,
})
const dispute: IssueDetails = { type: 'DISPUTE', reason: 'UNAUTHORIZED', daysSincePurchase: 2 }

describe('the automatic payout of a decision', () => {
  it.for<[string, DecisionAction, Routing, IssueDetails, Money | null, Money | null]>([
    ['the whole transaction', 'APPROVE_REFUND', 'AUTO_RESOLVE', refund(null), whole, whole],
    ['the part that is asked for', 'APPROVE_REFUND', 'AUTO_RESOLVE', refund(part), whole, part],
    ['a dispute that is accepted', 'ACCEPT_DISPUTE', 'AUTO_RESOLVE', dispute, whole, whole],
    ['nothing where a person confirms', 'APPROVE_REFUND', 'HUMAN_REVIEW', refund(null), whole, null],
    ['nothing where a person decides', 'APPROVE_REFUND', 'ESCALATE', refund(null), whole, null],
    ['nothing where it is denied', 'DENY_REFUND', 'AUTO_RESOLVE', refund(null), whole, null],
    ['nothing where the dispute is fought', 'CONTEST_DISPUTE', 'AUTO_RESOLVE', dispute, whole, null],
    ['nothing where no transaction is known', 'APPROVE_REFUND', 'AUTO_RESOLVE', refund(null), null, null],
  ])('is %s', ([, action, routing, details, amount, expected]) => {
    const transaction = amount && { amount }

    expect(moneyOut({ details, transaction }, { action, routing })).toEqual(expected)
  })
})

import type { DecisionAction } from '@redress/shared/contracts.ts'
import { describe, expect, it } from 'vitest'
import { type Agreement, agreementBetween } from './agreement.ts'

describe('a person', () => {
  // Written by hand: this table is the agreement, that one the code.
  it.for<[DecisionAction, DecisionAction, Agreement]>([
    ['APPROVE_REFUND', 'APPROVE_REFUND', 'AGREED'],
    ['APPROVE_REFUND', 'DENY_REFUND', 'REJECTED'],
    ['DENY_REFUND', 'APPROVE_REFUND', 'REJECTED'],
    ['ACCEPT_DISPUTE', 'CONTEST_DISPUTE', 'REJECTED'],
    ['CONTEST_DISPUTE', 'ACCEPT_DISPUTE', 'REJECTED'],
    ['ACCEPT_DISPUTE', 'BLOCK_CARD', 'MODIFIED'],
    ['RETRY_PAYMENT', 'BLOCK_CARD', 'REJECTED'],
    ['BLOCK_CARD', 'RETRY_PAYMENT', 'REJECTED'],
    ['BLOCK_CARD', 'SEND_REMINDER', 'MODIFIED'],
    ['RETRY_PAYMENT', 'SEND_REMINDER', 'MODIFIED'],
    ['SEND_REMINDER', 'CHARGE_LATE_FEE', 'MODIFIED'],
    ['CHARGE_LATE_FEE', 'CHARGE_LATE_FEE', 'AGREED'],
    ['ESCALATE', 'APPROVE_REFUND', 'MODIFIED'],
  ])('of %s recommended and %s chosen is %s', ([recommended, chosen, agreement]) => {
    expect(agreementBetween(recommended, chosen)).toBe(agreement)
  })
})

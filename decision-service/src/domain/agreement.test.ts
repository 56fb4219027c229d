import type { DecisionAction } from '@redress/shared/contracts.ts'
import { describe, expect, it } from 'vitest'
import { type Agreement, agreementBetween } from './agreement.ts'

describe('a person who reviews a recommendation', () => {
  it.for<[DecisionAction, DecisionAction, Agreement]>([
    ['APPROVE_REFUND', 'APPROVE_REFUND', 'AGREED'],
    ['APPROVE_REFUND', 'DENY_REFUND', 'REJECTED'],
    ['CONTEST_DISPUTE', 'ACCEPT_DISPUTE', 'REJECTED'],
    ['RETRY_PAYMENT', 'BLOCK_CARD', 'REJECTED'],
    ['RETRY_PAYMENT', 'SEND_REMINDER', 'MODIFIED'],
    ['ESCALATE', 'ACCEPT_DISPUTE', 'MODIFIED'],
  ])('of %s and does %s has %s', ([recommended, chosen, agreement]) => {
    expect(agreementBetween(recommended, chosen)).toBe(agreement)
  })
})

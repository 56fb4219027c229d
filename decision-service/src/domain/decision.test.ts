import type { DecisionAction, IssueType } from '@redress/shared/contracts.ts'
import { DECISION_ACTIONS } from '@redress/shared/contracts.ts'
import { describe, expect, it } from 'vitest'
import { isAllowedAction } from './decision.ts'

describe('the allowed actions of an issue', () => {
  // Written by hand, not derived from ALLOWED_ACTIONS: this table is the agreement, that one the code.
  it.for<[IssueType, DecisionAction[]]>([
    ['DECLINE', ['RETRY_PAYMENT', 'BLOCK_CARD', 'SEND_REMINDER', 'ESCALATE']],
    ['MISSED_INSTALLMENT', ['RETRY_PAYMENT', 'SEND_REMINDER', 'CHARGE_LATE_FEE', 'ESCALATE']],
    ['DISPUTE', ['BLOCK_CARD', 'ACCEPT_DISPUTE', 'CONTEST_DISPUTE', 'ESCALATE']],
    ['REFUND_REQUEST', ['APPROVE_REFUND', 'DENY_REFUND', 'ESCALATE']],
  ])('for %s is %s and nothing else', ([issueType, expected]) => {
    const allowed = DECISION_ACTIONS.filter((action) => isAllowedAction(issueType, action))

    expect(allowed).toEqual(expected)
  })
})

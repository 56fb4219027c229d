import { ALLOWED_ACTIONS } from '@redress/shared/actions.ts'
import { ISSUE_TYPES } from '@redress/shared/contracts.ts'
import { describe, expect, it } from 'vitest'
import { ACTION_COSTS, costOf } from './action-cost.ts'

describe('the cost of an action', () => {
  it.for(ISSUE_TYPES)('is defined and distinct for each action of a %s', (issueType) => {
    const ranked = Object.keys(ACTION_COSTS[issueType])

    expect(ranked.toSorted()).toEqual([...ALLOWED_ACTIONS[issueType]].sort())
    expect(new Set(Object.values(ACTION_COSTS[issueType])).size).toBe(ranked.length)
  })

  // The actions in the order in which an attacker prefers them, best first.
  it.for([
    ['DECLINE', ['RETRY_PAYMENT', 'SEND_REMINDER', 'BLOCK_CARD', 'ESCALATE']],
    ['MISSED_INSTALLMENT', ['SEND_REMINDER', 'RETRY_PAYMENT', 'CHARGE_LATE_FEE', 'ESCALATE']],
    ['DISPUTE', ['ACCEPT_DISPUTE', 'CONTEST_DISPUTE', 'BLOCK_CARD', 'ESCALATE']],
    ['REFUND_REQUEST', ['APPROVE_REFUND', 'DENY_REFUND', 'ESCALATE']],
  ] as const)('for a %s goes down from %s', ([issueType, actions]) => {
    const costliestFirst = ALLOWED_ACTIONS[issueType].toSorted((a, b) => costOf(issueType, b) - costOf(issueType, a))

    expect(costliestFirst).toEqual(actions)
  })

  it('is infinite if the type does not have the action', () => {
    expect(costOf('DECLINE', 'APPROVE_REFUND')).toBe(Number.POSITIVE_INFINITY)
  })
})

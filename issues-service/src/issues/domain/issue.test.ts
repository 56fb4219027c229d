import type { DecisionCase, IssueStatus } from '@redress/shared/contracts.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Issue, moveIssue, openIssue } from './issue.ts'
import { reviewIssue } from './resolve-issue.ts'
import { retryIssue } from './retry-issue.ts'

const now = new Date('2030-01-01T00:00:00Z')
const cause = { actor: 'ada', requestId: 'r-1', ip: '10.0.0.1', tenant: 'default' }
const when = { cause, now }
const decisionCase: DecisionCase = {
  issueId: 'iss_1',
  priority: 'NORMAL',
  details: { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 0 },
  customer: {
    id: 'cust_1',
    riskScore: 10,
    accountAgeDays: 100,
    recentIssues: { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 },
  },
  transaction: null,
}
const { details, priority } = decisionCase
const given = { id: 'iss_1', priority, customerId: 'cust_1', transactionId: null, details }
const opening = { ...given, decisionCase, urgentAt: now, cause, now }
const opened = openIssue(opening)
const issueThatIs = (status: IssueStatus): Issue => ({ ...opened.issue, status, version: 3 })
const refusal = expect.objectContaining({ code: 'INVALID_TRANSITION' })
const everyStatus: IssueStatus[] = ['PENDING', 'PROCESSING', 'AWAITING_REVIEW', 'RESOLVED', 'FAILED']

describe('an issue', () => {
  it('starts as PENDING, at version 1, and says so in one event that brings the case', () => {
    const { issue, event } = openIssue(opening)

    expect(issue).toMatchObject({ status: 'PENDING', version: 1, statusHistory: [{ from: null, to: 'PENDING' }] })
    expect(event).toMatchObject({
      id: 'iss_1-1',
      type: 'issue.created',
      actor: 'ada',
      requestId: 'r-1',
      ip: '10.0.0.1',
    })
    expect(event.data).toEqual({ case: decisionCase })
  })

  // Written by hand, not derived from TRANSITIONS: this table is the agreement, that one the code.
  const agreed: [IssueStatus, IssueStatus][] = [
    ['PENDING', 'PROCESSING'],
    ['PENDING', 'FAILED'],
    ['PROCESSING', 'RESOLVED'],
    ['PROCESSING', 'AWAITING_REVIEW'],
    ['PROCESSING', 'FAILED'],
    ['PROCESSING', 'PENDING'],
    ['AWAITING_REVIEW', 'RESOLVED'],
    ['FAILED', 'PENDING'],
  ]
  const isAgreed = (from: IssueStatus, to: IssueStatus) => agreed.some(([a, b]) => a === from && b === to)

  it.for(agreed)('that is %s can become %s', ([from, to]) => {
    const { issue, event } = moveIssue(issueThatIs(from), to, { reason: 'why' }, when)

    expect(issue).toMatchObject({ status: to, version: 4 })
    expect(issue.statusHistory.at(-1)).toMatchObject({ from, to, changedBy: 'ada', reason: 'why' })
    expect(event).toMatchObject({
      id: 'iss_1-4',
      type: 'issue.status_changed',
      changes: { status: { before: from, after: to } },
    })
  })

  const refused = everyStatus.flatMap((from) =>
    everyStatus.filter((to) => !isAgreed(from, to)).map((to) => [from, to] as const),
  )

  it.for(refused)('that is %s cannot become %s', ([from, to]) => {
    expect(() => moveIssue(issueThatIs(from), to, { reason: null }, when)).toThrow(refusal)
  })

  it('moves strictly forward in time, whatever the clock says', () => {
    const clock = fc.date({ min: new Date('2029-01-01'), max: new Date('2031-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(clock, clock, (first, second) => {
        const processing = moveIssue(opened.issue, 'PROCESSING', { reason: null }, { cause, now: first })
        const failed = moveIssue(processing.issue, 'FAILED', { reason: null }, { cause, now: second })

        expect(processing.issue.updatedAt > opened.issue.updatedAt).toBe(true)
        expect(failed.issue.updatedAt > processing.issue.updatedAt).toBe(true)
      }),
    )
  })

  it('is not mutated by a transition', () => {
    const before = structuredClone(opened.issue)

    moveIssue(opened.issue, 'PROCESSING', { reason: null }, when)

    expect(opened.issue).toEqual(before)
  })
})

describe('a review', () => {
  const waiting = issueThatIs('AWAITING_REVIEW')
  const review = {
    action: 'SEND_REMINDER',
    note: 'called them',
    seenVersion: 3,
    payment: null,
    cause,
    mayOverrule: false,
    now,
  } as const

  it('resolves an issue that awaits it, and names the reviewer', () => {
    const { issue, event } = reviewIssue(waiting, review)

    expect(issue).toMatchObject({
      status: 'RESOLVED',
      resolution: { action: 'SEND_REMINDER', by: 'ada', note: 'called them' },
    })
    expect(event.data).toMatchObject({ from: 'AWAITING_REVIEW', to: 'RESOLVED', review: { action: 'SEND_REMINDER' } })
  })

  it('masks personal data in its note', () => {
    const note = 'paid with 4111 - 1111 - 1111 - 1111, write to ada@example.org'

    const { resolution } = reviewIssue(waiting, { ...review, note }).issue

    expect(resolution?.note).toBe('paid with [card], write to [email]')
  })

  it('keeps its note out of the event: free text may hold anything', () => {
    const { event } = reviewIssue(waiting, review)

    expect(JSON.stringify(event)).not.toContain('called them')
  })

  it('of an older version is refused', () => {
    expect(() => reviewIssue(waiting, { ...review, seenVersion: 2 })).toThrow(
      expect.objectContaining({ code: 'CONFLICT' }),
    )
  })

  it.for(['APPROVE_REFUND', 'ESCALATE'] as const)('cannot end a decline by %s', (action) => {
    expect(() => reviewIssue(waiting, { ...review, action })).toThrow(
      expect.objectContaining({ code: 'ACTION_NOT_ALLOWED' }),
    )
  })

  it.for(['PENDING', 'PROCESSING', 'RESOLVED', 'FAILED'] as const)('of an issue that is %s is refused', (status) => {
    expect(() => reviewIssue(issueThatIs(status), review)).toThrow(refusal)
  })
})

describe('a retry', () => {
  it('sends a failed issue back to PENDING with the case as it is today', () => {
    const today = { ...decisionCase, customer: { ...decisionCase.customer, riskScore: 99 } }

    const { issue, event } = retryIssue(
      { ...issueThatIs('FAILED'), failure: 'broken' },
      { decisionCase: today, stuckSince: now, ...when },
    )

    expect(issue).toMatchObject({ status: 'PENDING', failure: null })
    expect(event.data).toMatchObject({ to: 'PENDING', case: { customer: { riskScore: 99 } } })
  })

  it('sends an issue back that is stuck in PROCESSING, and only that', () => {
    const stuckSince = new Date(now.getTime() + 1)
    const processing = issueThatIs('PROCESSING')

    expect(retryIssue(processing, { decisionCase, stuckSince, ...when }).issue.status).toBe('PENDING')
    expect(() => retryIssue(processing, { decisionCase, stuckSince: now, ...when })).toThrow(refusal)
  })

  it.for(['PENDING', 'AWAITING_REVIEW', 'RESOLVED'] as const)('of an issue that is %s is refused', (status) => {
    const stuckSince = new Date(now.getTime() + 1)

    expect(() => retryIssue(issueThatIs(status), { decisionCase, stuckSince, ...when })).toThrow(refusal)
  })
})

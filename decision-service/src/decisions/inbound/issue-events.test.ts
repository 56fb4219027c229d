import { UnreadableEventError } from '@redress/shared/events/catalogue.ts'
import { eventOf } from '@redress/shared/testing/events.ts'
import { describe, expect, it } from 'vitest'
import { newCase } from '../../../test/service.ts'
import { isRelevant, toIssueUpdate } from './issue-events.ts'

const { case: decisionCase } = newCase()
const moved = { customerId: 'cust_1', from: 'FAILED', to: 'PENDING', decisionId: 'dec_1' }
const changed = (data: object) => eventOf('iss_1', 2, { type: 'issue.status_changed', actor: 'rhea', data })
const NOTHING = { newCase: null, overdue: null, review: null }

describe('an event of an issue', () => {
  it('that was created brings a case', () => {
    const event = eventOf('iss_1', 1, { type: 'issue.created', data: { case: decisionCase } })

    expect(toIssueUpdate(event)).toEqual({
      ...NOTHING,
      newCase: { eventId: 'iss_1-1', tenant: 'default', requestId: null, case: decisionCase },
    })
  })

  it('that is tried again brings a case', () => {
    expect(toIssueUpdate(changed({ ...moved, case: decisionCase }))).toMatchObject({ newCase: { eventId: 'iss_1-2' } })
  })

  it('that is asked for again brings the case of its first request', () => {
    const data = { askingEventId: 'iss_1-1', case: decisionCase }
    const event = eventOf('iss_1', 2, { type: 'issue.overdue', data })

    const overdue = { eventId: 'iss_1-1', tenant: 'default', requestId: null, case: decisionCase }
    expect(toIssueUpdate(event)).toEqual({ ...NOTHING, overdue })
  })

  it('that only moved brings neither a case nor a review', () => {
    expect(toIssueUpdate(changed(moved))).toEqual(NOTHING)
  })

  it('that was reviewed brings the review', () => {
    expect(toIssueUpdate(changed({ ...moved, review: { action: 'DENY_REFUND' } }))).toEqual({
      ...NOTHING,
      review: {
        decisionId: 'dec_1',
        action: 'DENY_REFUND',
        reviewer: 'rhea',
        tenant: 'default',
        requestId: null,
        at: new Date('2030-01-01T00:00:00.002Z'),
      },
    })
  })

  it('that is the case of a payment brings the payment with the review', () => {
    const review = { action: 'RETRY_PAYMENT', paymentId: 'pay_1' }

    expect(toIssueUpdate(changed({ ...moved, review }))).toMatchObject({ review })
  })

  it('that was reviewed without a decision brings none', () => {
    expect(toIssueUpdate(changed({ ...moved, decisionId: null, review: { action: 'DENY_REFUND' } }))).toEqual(NOTHING)
  })

  it('of another kind brings nothing', () => {
    const event = eventOf('cust_1', 1, { type: 'customer.pii_read' })

    expect(toIssueUpdate(event)).toEqual(NOTHING)
  })

  it('that does not hold what it should is refused', () => {
    expect(toIssueUpdate(eventOf('iss_1', 1, { type: 'issue.created' }))).toBeInstanceOf(UnreadableEventError)
    expect(toIssueUpdate(changed({ review: {} }))).toBeInstanceOf(UnreadableEventError)
  })

  it.for<[string, boolean]>([
    ['issue.created', true],
    ['issue.overdue', true],
    ['issue.status_changed', false],
    ['customer.pii_read', false],
  ])('of the type %s is relevant by its type: %s', ([type, expected]) => {
    expect(isRelevant(eventOf('iss_1', 1, { type }))).toBe(expected)
  })

  it('that moved is relevant where it brings a case or a review, readable or not', () => {
    expect(isRelevant(changed(moved))).toBe(false)
    expect(isRelevant(changed({ ...moved, case: decisionCase }))).toBe(true)
    expect(isRelevant(changed({ review: {} }))).toBe(true)
  })
})

import { eventOf } from '@redress/shared/testing/events.ts'
import { describe, expect, it } from 'vitest'
import { newCase } from '../../../test/service.ts'
import { toNewCase, toNewReview } from './issue-events.ts'

const { case: decisionCase } = newCase()
const moved = { customerId: 'cust_1', from: 'FAILED', to: 'PENDING', decisionId: 'dec_1' }
const changed = (data: object) => eventOf('iss_1', 2, { type: 'issue.status_changed', actor: 'rhea', data })

describe('an event of an issue', () => {
  it('that was created brings a case', () => {
    const event = eventOf('iss_1', 1, { type: 'issue.created', data: { case: decisionCase } })

    expect(toNewCase(event)).toEqual([{ eventId: 'iss_1-1', requestId: null, case: decisionCase }])
  })

  it('that is tried again brings a case', () => {
    expect(toNewCase(changed({ ...moved, case: decisionCase }))).toMatchObject([{ eventId: 'iss_1-2' }])
  })

  it('that only moved brings neither a case nor a review', () => {
    expect([toNewCase(changed(moved)), toNewReview(changed(moved))]).toEqual([[], []])
  })

  it('that was reviewed brings the review', () => {
    expect(toNewReview(changed({ ...moved, review: { action: 'DENY_REFUND' } }))).toEqual([
      {
        decisionId: 'dec_1',
        action: 'DENY_REFUND',
        reviewer: 'rhea',
        requestId: null,
        at: new Date('2030-01-01T00:00:00.002Z'),
      },
    ])
  })

  it('that was reviewed without a decision brings none', () => {
    expect(toNewReview(changed({ ...moved, decisionId: null, review: { action: 'DENY_REFUND' } }))).toEqual([])
  })

  it('of another kind brings nothing', () => {
    const event = eventOf('cust_1', 1, { type: 'customer.pii_read' })

    expect([toNewCase(event), toNewReview(event)]).toEqual([[], []])
  })

  it('that does not hold what it should is refused', () => {
    expect(() => toNewCase(eventOf('iss_1', 1, { type: 'issue.created' }))).toThrow()
    expect(() => toNewReview(changed({ review: {} }))).toThrow()
  })
})

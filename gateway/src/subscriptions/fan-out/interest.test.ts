import { withRole } from '@redress/shared/testing/callers.ts'
import { describe, expect, it } from 'vitest'
import type { SubscriptionField } from '../fields.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { PreparedSubscription } from '../prepared-subscription.ts'
import { interestOf, isOfInterest } from './interest.ts'

const subscription = (field: PreparedSubscription['field'], args: object = {}): PreparedSubscription => ({
  field,
  args: { ...args },
  key: 'key',
  answer: async () => '{}',
})
const moveOf = (customerId: string): StreamEvent => ({
  field: 'issueStatusChanged',
  entryId: '1-1',
  eventId: 'iss_1-2',
  cursor: 'cursor',
  atMs: 0,
  subject: { issueId: 'iss_1' },
  owner: customerId,
  filters: { issueId: 'iss_1', customerId, to: 'FAILED' },
  fields: {},
})
const updateOf = (owner: string): StreamEvent => ({ ...moveOf(owner), field: 'jobUpdated' })
const forbidden = expect.objectContaining({ code: 'FORBIDDEN' })

describe('the events of a subscription', () => {
  it.for<[string, object, boolean]>([
    ['none', {}, true],
    ['its issue', { issueId: 'iss_1' }, true],
    ['another issue', { issueId: 'iss_2' }, false],
    ['its customer and status', { customerId: 'cust_1', to: ['RESOLVED', 'FAILED'] }, true],
    ['its customer and another status', { customerId: 'cust_1', to: ['RESOLVED'] }, false],
    ['no status at all', { to: [] }, false],
  ])('with the filter %s include a move: %o', ([, args, isIncluded]) => {
    const interest = interestOf(subscription('issueStatusChanged', args), withRole('operator'))

    expect(isOfInterest(interest, moveOf('cust_1'))).toBe(isIncluded)
  })

  it('of a customer are their own, whatever they ask for', () => {
    const own = interestOf(subscription('issueStatusChanged', { customerId: 'cust_2' }), withRole('customer', 'cust_1'))

    expect(isOfInterest(own, moveOf('cust_2'))).toBe(false)
    expect(isOfInterest(own, moveOf('cust_1'))).toBe(false)
  })

  it.for<[string, Parameters<typeof withRole>[0], boolean]>([
    ['their own to a caller who may add jobs', 'service', false],
    ['all to an operator', 'operator', true],
  ])('of jobs are %s', ([, role, seesAll]) => {
    const principal = withRole(role)
    const interest = interestOf(subscription('jobUpdated'), principal)

    expect(isOfInterest(interest, updateOf(principal.id))).toBe(true)
    expect(isOfInterest(interest, updateOf('another'))).toBe(seesAll)
  })

  it.for<[string, SubscriptionField, Parameters<typeof withRole>]>([
    ['changes of jobs to a caller who may only read queues', 'jobUpdated', ['monitoring']],
    ['changes of queues to a customer', 'queueChanged', ['customer', 'cust_1']],
    ['decisions to a customer', 'decisionMade', ['customer', 'cust_1']],
    ['changes of status to a caller who may only read queues', 'issueStatusChanged', ['monitoring']],
    ['changes of status to a customer without a customer id', 'issueStatusChanged', ['customer']],
  ])('are never %s', ([, field, role]) => {
    expect(() => interestOf(subscription(field), withRole(...role))).toThrow(forbidden)
  })
})

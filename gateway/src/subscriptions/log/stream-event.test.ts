import { type DomainEvent, STREAMS, type StreamName } from '@redress/shared/events/envelope.ts'
import { eventOf } from '@redress/shared/testing/events.ts'
import { describe, expect, it } from 'vitest'
import { readEntry } from './stream-event.ts'

const moved = (data: object = {}): DomainEvent =>
  eventOf('iss_1', 2, {
    type: 'issue.status_changed',
    data: { customerId: 'cust_1', from: 'PENDING', to: 'FAILED', decisionId: null, ...data },
  })
const decided = { issueId: 'iss_1', decisionId: 'dec_1', action: 'ESCALATE', confidence: 60, routing: 'ESCALATE' }

const toEntryText = (text: string) => ({ id: '1-1', epoch: 'e1', text })
const eventsOf = (stream: StreamName, event: DomainEvent) =>
  readEntry(stream, toEntryText(JSON.stringify(event))).events

describe('the events of an entry', () => {
  it('for a change of status name the issue, its customer, and both statuses', () => {
    expect(eventsOf(STREAMS.issues, moved())[0]).toMatchObject({
      entryId: '1-1',
      eventId: 'iss_1-2',
      owner: 'cust_1',
      filters: { issueId: 'iss_1', customerId: 'cust_1', to: 'FAILED' },
      fields: { issueId: 'iss_1', issue: { __typename: 'Issue', id: 'iss_1' }, from: 'PENDING', changedBy: 'ada' },
    })
  })

  it('for a decision do not name a customer', () => {
    const event = eventOf('job_1', 1, { type: 'decision.made', data: { ...decided, policyApplied: '§1' } })

    expect(eventsOf(STREAMS.decisions, event)[0]).toMatchObject({
      subject: { issueId: 'iss_1' },
      owner: null,
      fields: { decision: { __typename: 'Decision', id: 'dec_1' }, action: 'ESCALATE', confidence: 60 },
    })
  })

  it.for<[string, DomainEvent]>([
    ['an event of another type', eventOf('iss_1', 2)],
    ['a move to a status that there is not', moved({ to: 'NOWHERE' })],
    ['a decision on the stream of issues', eventOf('j', 1, { type: 'decision.made', data: decided })],
  ])('for %s are none', ([, event]) => {
    expect(eventsOf(STREAMS.issues, event)).toEqual([])
  })

  it('for a decision that awaits a blind review are none', () => {
    const data = { issueId: 'iss_1', decisionId: 'dec_1', routing: 'HUMAN_REVIEW', blind: true }

    expect(eventsOf(STREAMS.decisions, eventOf('job_1', 1, { type: 'decision.made', data }))).toEqual([])
  })

  it('are none for a text that only looks like an event', () => {
    expect(readEntry(STREAMS.issues, toEntryText('{'))).toMatchObject({ eventId: null, events: [] })
    expect(readEntry(STREAMS.issues, toEntryText('{"id":"iss_1-2"}'))).toMatchObject({ eventId: null, events: [] })
  })
})

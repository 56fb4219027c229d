import { describe, expect, it } from 'vitest'
import { openSwitch, recordReset, resumeCalls, stopCalls } from './provider-switch.ts'

const now = new Date('2030-06-15T12:00:00Z')
const cause = { actor: 'ada', requestId: 'req-1', ip: '10.0.0.1', tenant: 'default' }
const act = { reason: 'Refunds are doubled.', cause, now }

describe('calls to a provider', () => {
  it('are stopped with a reason, and an alert begins', () => {
    const { after, events } = stopCalls(openSwitch('stripe:refunds'), act)!

    expect(after).toMatchObject({ version: 1, stop: { reason: 'Refunds are doubled.', actor: 'ada', since: now } })
    expect(events).toMatchObject([
      {
        id: 'provider-stripe:refunds-1',
        type: 'provider.stopped',
        actor: 'ada',
        entity: { type: 'Provider', id: 'stripe:refunds' },
        changes: { stopped: { before: false, after: true }, reason: { after: 'Refunds are doubled.' } },
      },
      {
        id: 'alert-provider-stripe:refunds-1',
        type: 'alert.raised',
        data: { type: 'PROVIDER_STOPPED', severity: 'CRITICAL' },
      },
    ])
    expect(events[1]!.at > events[0]!.at).toBe(true)
  })

  it('are resumed, and the alert of that stop ends', () => {
    const { after: stopped } = stopCalls(openSwitch('stripe'), act)!
    const again = stopCalls(resumeCalls(stopped, act)!.after, act)!.after

    const { after, events } = resumeCalls(again, { ...act, reason: 'Mended.' })!

    expect(after).toMatchObject({ stop: null, version: 4 })
    expect(events).toMatchObject([
      { id: 'provider-stripe-4', type: 'provider.resumed', changes: { stopped: { before: true, after: false } } },
      {
        id: 'alert-provider-stripe-3-resolved',
        type: 'alert.resolved',
        data: { type: 'PROVIDER_STOPPED', raised: 'alert-provider-stripe-3' },
      },
    ])
    expect(events[0]!.at > again.updatedAt.toISOString()).toBe(true)
  })

  it('that are stopped cannot be stopped again, and calls that are allowed cannot be resumed', () => {
    const { after } = stopCalls(openSwitch('stripe'), act)!

    expect([stopCalls(after, act), resumeCalls(openSwitch('stripe'), act)]).toEqual([null, null])
  })

  it('stay stopped when the limits are reset', () => {
    const { after: stopped } = stopCalls(openSwitch('twilio'), act)!

    const { after, events } = recordReset(stopped, act)

    expect(after).toMatchObject({ stop: stopped.stop, version: 2 })
    expect(events).toMatchObject([{ id: 'provider-twilio-2', type: 'provider.limit_reset' }])
  })
})

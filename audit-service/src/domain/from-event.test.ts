import { describe, expect, it } from 'vitest'
import { issueEvent } from '../../test/events.ts'
import { toAct } from './from-event.ts'

describe('an event as an audit entry', () => {
  it('has the actor, the action, the entity, the moment, the address and the changes', () => {
    const act = toAct(issueEvent('iss_1', 2))

    expect(act).toEqual({
      id: 'aud_iss_1-2',
      entityType: 'Issue',
      entityId: 'iss_1',
      action: 'issue.status_changed',
      actor: 'ada',
      ip: '192.0.2.1',
      requestId: 'req-1',
      changes: { status: { before: 'PENDING', after: 'PROCESSING' } },
      at: new Date('2030-01-01T00:00:02.000Z'),
    })
  })

  it('holds no half of a surrogate pair, which would not survive being stored', () => {
    const act = toAct(
      issueEvent('iss_1', 1, { actor: 'a\ud800', changes: { 'n\udc00': { before: null, after: ['\ud800'] } } }),
    )

    expect(act.actor).toBe('a\ufffd')
    expect(act.changes).toEqual({ 'n\ufffd': { before: null, after: ['\ufffd'] } })
  })
})

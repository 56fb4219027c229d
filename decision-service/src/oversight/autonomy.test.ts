import { describe, expect, it } from 'vitest'
import { type Autonomy, agreementOf, countBlindReview, openAutonomy, restoreAutonomy } from './autonomy.ts'

const now = new Date('2030-06-15T12:00:00Z')
const later = new Date('2030-06-15T13:00:00Z')
const policy = { skill: 'refund-policy', version: '1.2.0', digest: 'd1' }
const cause = { actor: 'ada', requestId: 'req-1', ip: '10.0.0.1', tenant: 'default' }
const rule = { reviews: 10, floor: 0.9 }

/** The autonomy of an action after the given answers, with all events on the way. */
const after = (answers: readonly boolean[], before: Autonomy = openAutonomy(policy, 'APPROVE_REFUND', now)) => {
  let autonomy = before
  const events = answers.flatMap((agreed) => {
    const change = countBlindReview(autonomy, { agreed, now }, rule)
    autonomy = change.autonomy
    return change.events
  })
  return { autonomy, events }
}
const answers = (agreed: number, not: number) => [...Array(not).fill(false), ...Array(agreed).fill(true)]

describe('an action', () => {
  it('keeps its autonomy while too few were reviewed to know, however many disagree', () => {
    const { autonomy, events } = after(answers(0, 9))

    expect([autonomy.suspended, events]).toEqual([false, []])
  })

  it('keeps it while people agree just often enough', () => {
    const { autonomy, events } = after(answers(9, 1))

    expect([autonomy.suspended, events]).toEqual([false, []])
    expect(agreementOf(autonomy)).toMatchObject({ count: 9, of: 10, rate: 0.9 })
  })

  it('loses it when people agree too rarely, and says so once', () => {
    const { autonomy, events } = after(answers(12, 2))

    expect(autonomy).toMatchObject({ suspended: true, since: expect.any(Date), version: 1 })
    expect(events).toMatchObject([
      {
        id: 'autonomy-d1:APPROVE_REFUND-1',
        type: 'autonomy.suspended',
        actor: 'redress:autonomy',
        entity: { type: 'Autonomy', id: 'd1:APPROVE_REFUND' },
        changes: { suspended: { before: false, after: true } },
      },
      {
        id: 'alert-autonomy-d1:APPROVE_REFUND-1',
        type: 'alert.raised',
        data: {
          type: 'AUTONOMY_SUSPENDED',
          severity: 'WARNING',
          message:
            'APPROVE_REFUND by refund-policy 1.2.0 needs a person from now on: people agreed in 8 of 10 blind reviews, and 90 % is the least.',
        },
      },
    ])
    expect(events[1]!.at > events[0]!.at).toBe(true)
  })

  it('is judged by the latest reviews alone', () => {
    const { autonomy } = after([...answers(9, 1), ...answers(10, 0)])

    expect(agreementOf(autonomy)).toMatchObject({ count: 10, of: 10 })
  })

  it('does not regain it automatically', () => {
    const { autonomy } = after([...answers(0, 10), ...answers(10, 0)])

    expect([autonomy.suspended, agreementOf(autonomy)?.rate]).toEqual([true, 1])
  })

  it('gets it back from a person, and is counted anew', () => {
    const { autonomy: suspended } = after(answers(0, 10))

    const { autonomy, events } = restoreAutonomy(suspended, { cause, now: later })

    expect(autonomy).toMatchObject({ suspended: false, since: null, restoredAt: later, answers: [], version: 2 })
    expect(events).toMatchObject([
      {
        id: 'autonomy-d1:APPROVE_REFUND-2',
        type: 'autonomy.restored',
        actor: 'ada',
        requestId: 'req-1',
        ip: '10.0.0.1',
      },
    ])
    expect(after(answers(0, 9), autonomy).autonomy.suspended).toBe(false)
    expect(after(answers(0, 10), autonomy).events[0]).toMatchObject({ id: 'autonomy-d1:APPROVE_REFUND-3' })
  })

  it('that never lost it cannot get it back', () => {
    const restore = () => restoreAutonomy(openAutonomy(policy, 'APPROVE_REFUND', now), { cause, now })

    expect(restore).toThrow(expect.objectContaining({ code: 'AUTONOMY_NOT_SUSPENDED' }))
  })
})

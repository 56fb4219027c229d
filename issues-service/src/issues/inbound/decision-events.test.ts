import { UnreadableEventError } from '@redress/shared/events/catalogue.ts'
import { eventOf } from '@redress/shared/testing/events.ts'
import { describe, expect, it } from 'vitest'
import { toDecisionUpdate } from './decision-events.ts'

const made = (data: object) => eventOf('dec_1', 1, { type: 'decision.made', data })
const open = {
  issueId: 'iss_1',
  decisionId: 'dec_1',
  action: 'DENY_REFUND',
  confidence: 91,
  routing: 'AUTO_RESOLVE',
  policyApplied: 'R1',
}
const blind = { issueId: 'iss_1', decisionId: 'dec_1', routing: 'HUMAN_REVIEW', blind: true }

describe('an event of the decision service', () => {
  it('brings the decision', () => {
    expect(toDecisionUpdate(made(open))).toMatchObject({
      issueId: 'iss_1',
      progress: { kind: 'made', decision: open },
    })
  })

  it('of a blind review brings no more than that there is a decision', () => {
    expect(toDecisionUpdate(made(blind))).toMatchObject({
      issueId: 'iss_1',
      progress: { kind: 'made', decision: blind },
    })
  })

  it('with data of neither shape is unreadable, and does not throw', () => {
    expect(toDecisionUpdate(made({ ...blind, blind: false }))).toBeInstanceOf(UnreadableEventError)
  })

  it('about a review is not for the issue, which caused it', () => {
    expect(toDecisionUpdate(eventOf('dec_1', 2, { type: 'decision.reviewed', data: {} }))).toBeNull()
  })

  it('passes its trace on to the changes that follow from it', () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const started = eventOf('dec_1', 1, { type: 'decision.started', data: { issueId: 'iss_1' }, trace })

    expect(toDecisionUpdate(started)).toMatchObject({ cause: { actor: 'redress:decisions', trace } })
  })
})

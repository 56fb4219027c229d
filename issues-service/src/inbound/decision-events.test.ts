import { eventOf } from '@redress/shared/testing/events.ts'
import { describe, expect, it } from 'vitest'
import { toIssueNews } from './decision-events.ts'

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
  it('tells what was decided', () => {
    expect(toIssueNews(made(open))).toMatchObject([{ issueId: 'iss_1', news: { kind: 'made', decision: open } }])
  })

  it('tells that something was decided that is to be reviewed blindly, and no more', () => {
    expect(toIssueNews(made(blind))).toMatchObject([{ issueId: 'iss_1', news: { kind: 'made', decision: blind } }])
  })

  it('is refused where it tells neither', () => {
    expect(() => toIssueNews(made({ ...blind, blind: false }))).toThrow()
  })

  it('about a review means nothing to an issue, which told of it', () => {
    expect(toIssueNews(eventOf('dec_1', 2, { type: 'decision.reviewed', data: {} }))).toEqual([])
  })

  it('passes its trace on to what the issue does in answer', () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const started = eventOf('dec_1', 1, { type: 'decision.started', data: { issueId: 'iss_1' }, trace })

    expect(toIssueNews(started)).toMatchObject([{ cause: { actor: 'redress:decisions', trace } }])
  })
})

import { describe, expect, it } from 'vitest'
import { type AnalyticsGroup, createAnalysis } from './decision-analytics.ts'
import type { DecisionFact } from './decision-fact.ts'

const policy = { skill: 'refund-policy', version: '1.0.0', digest: 'd1' }
const candidate = { skill: 'refund-policy', version: '2.0.0', digest: 'd2' }
const fact = (change: Partial<DecisionFact> = {}): DecisionFact => ({
  action: 'APPROVE_REFUND',
  confidence: 85,
  routing: 'HUMAN_REVIEW',
  engine: 'RULES',
  fallback: false,
  policy,
  durationMs: 4,
  usage: null,
  blind: false,
  shadow: null,
  issueType: 'REFUND_REQUEST',
  atStake: { amount: 1_000, currency: 'USD' },
  review: null,
  ...change,
})
const agreed = { review: { action: 'APPROVE_REFUND', agreement: 'AGREED' } } as const
const denied = { review: { action: 'DENY_REFUND', agreement: 'REJECTED' } } as const
const analyse = (facts: readonly DecisionFact[], groupBy: AnalyticsGroup = 'POLICY_VERSION') => {
  const analysis = createAnalysis(groupBy)
  for (const one of facts) analysis.add(one)
  return analysis.result()
}

describe('the statistics of decisions', () => {
  it('are zeros and nulls where nothing was decided', () => {
    expect(analyse([])).toEqual({
      total: {
        decisions: 0,
        autoResolved: 0,
        humanReview: 0,
        escalated: 0,
        reviewed: 0,
        agreed: 0,
        modified: 0,
        rejected: 0,
        agreement: null,
        blindAgreement: null,
        overrides: [],
        calibration: [],
        fallbackRate: null,
        latency: null,
        usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 },
      },
      groups: [],
      shadows: [],
    })
  })

  it('count routings, reviews, overrides, fallbacks, durations and tokens', () => {
    const usage = { inputTokens: 100, outputTokens: 10, cacheReadTokens: 5, cacheWriteTokens: 1, costUsd: 0.25 }

    const { total } = analyse([
      fact({ routing: 'AUTO_RESOLVE' }),
      fact({ ...agreed, usage }),
      fact({ ...agreed, blind: true, usage }),
      fact({ ...denied, blind: true }),
      fact({ action: 'ESCALATE', routing: 'ESCALATE', review: { action: 'DENY_REFUND', agreement: 'MODIFIED' } }),
      fact({ ...denied, fallback: true }),
      fact({ routing: 'AUTO_RESOLVE' }),
      fact({ routing: 'AUTO_RESOLVE' }),
    ])

    expect(total).toMatchObject({
      decisions: 8,
      autoResolved: 3,
      humanReview: 4,
      escalated: 1,
      reviewed: 5,
      agreed: 2,
      modified: 0,
      rejected: 2,
      agreement: { count: 2, of: 4, rate: 0.5 },
      blindAgreement: { count: 1, of: 2, rate: 0.5 },
      overrides: [
        { recommended: 'APPROVE_REFUND', chosen: 'DENY_REFUND', reviews: 2 },
        { recommended: 'ESCALATE', chosen: 'DENY_REFUND', reviews: 1 },
      ],
      fallbackRate: 0.125,
      latency: { p50: 4, p95: 4, p99: 4 },
      usage: { inputTokens: 200, outputTokens: 20, cacheReadTokens: 10, cacheWriteTokens: 2, costUsd: 0.5 },
    })
  })

  it('hold no review of an escalated decision for agreement or disagreement: it recommends nothing', () => {
    const escalated = fact({
      action: 'ESCALATE',
      routing: 'ESCALATE',
      confidence: 100,
      review: { action: 'DENY_REFUND', agreement: 'MODIFIED' },
    })

    const { total } = analyse([escalated, fact(agreed), fact({ ...agreed, blind: true })])

    expect(total).toMatchObject({
      reviewed: 3,
      agreed: 2,
      modified: 0,
      agreement: { count: 2, of: 2, rate: 1 },
      blindAgreement: { count: 1, of: 1, rate: 1 },
      overrides: [{ recommended: 'ESCALATE', chosen: 'DENY_REFUND', reviews: 1 }],
      calibration: [{ from: 80, to: 89, reviewed: 2, predicted: 0.85, agreed: 1 }],
    })
    expect(analyse([escalated]).total).toMatchObject({ reviewed: 1, agreement: null, calibration: [] })
  })

  it('report confidence and rate of agreement for each band', () => {
    const { total } = analyse([
      fact({ confidence: 100, ...agreed }),
      fact({ confidence: 90, ...denied }),
      fact({ confidence: 89, ...agreed }),
      fact({ confidence: 80 }),
      fact({ confidence: 0, ...denied }),
      fact({ confidence: 9, ...denied }),
    ])

    expect(total.calibration).toEqual([
      { from: 0, to: 9, reviewed: 2, predicted: 0.045, agreed: 0 },
      { from: 80, to: 89, reviewed: 1, predicted: 0.89, agreed: 1 },
      { from: 90, to: 100, reviewed: 2, predicted: 0.95, agreed: 0.5 },
    ])
  })

  it.for<[AnalyticsGroup, [string, number][]]>([
    [
      'POLICY_VERSION',
      [
        ['d1', 2],
        ['d2', 1],
      ],
    ],
    [
      'ISSUE_TYPE',
      [
        ['DISPUTE', 2],
        ['REFUND_REQUEST', 1],
      ],
    ],
    [
      'ACTION',
      [
        ['ACCEPT_DISPUTE', 1],
        ['APPROVE_REFUND', 1],
        ['CONTEST_DISPUTE', 1],
      ],
    ],
    [
      'ENGINE',
      [
        ['AI', 2],
        ['RULES', 1],
      ],
    ],
  ])('are grouped by %s, largest first', ([groupBy, expected]) => {
    const { groups } = analyse(
      [
        fact(),
        fact({ engine: 'AI', issueType: 'DISPUTE', action: 'ACCEPT_DISPUTE' }),
        fact({ engine: 'AI', issueType: 'DISPUTE', action: 'CONTEST_DISPUTE', policy: candidate }),
      ],
      groupBy,
    )

    expect(groups.map(({ key, statistics }) => [key, statistics.decisions])).toEqual(expected)
    expect(groups[0]!.policy).toEqual(groupBy === 'POLICY_VERSION' ? policy : null)
  })

  it('count decisions that await a blind review without revealing what they recommend', () => {
    const shadow = { policy: candidate, action: 'DENY_REFUND', confidence: 90, routing: 'AUTO_RESOLVE' } as const
    const waiting = fact({ blind: true, shadow })

    const { total, groups, shadows } = analyse([waiting, fact()], 'ACTION')

    expect([total.decisions, total.humanReview]).toEqual([2, 2])
    expect(groups.map(({ key, statistics }) => [key, statistics.decisions])).toEqual([['APPROVE_REFUND', 1]])
    expect(shadows).toEqual([])
    expect(analyse([waiting], 'ENGINE').groups[0]!.statistics.decisions).toBe(1)
  })
})

describe('a candidate in the shadow', () => {
  const auto = { routing: 'AUTO_RESOLVE' } as const
  const shadowed = (action: DecisionFact['action'], change: Partial<DecisionFact>) =>
    fact({ shadow: { policy: candidate, action, confidence: 90, routing: 'AUTO_RESOLVE' }, ...change })

  it('is compared with the decisions made: actions, reviews and money', () => {
    const { shadows } = analyse([
      shadowed('APPROVE_REFUND', { ...auto, atStake: { amount: 500, currency: 'EUR' } }),
      shadowed('DENY_REFUND', auto),
      shadowed('APPROVE_REFUND', { routing: 'HUMAN_REVIEW', atStake: { amount: 70, currency: 'USD' } }),
      shadowed('APPROVE_REFUND', { action: 'ESCALATE', routing: 'ESCALATE', atStake: { amount: 8, currency: 'USD' } }),
      fact(auto),
    ])

    expect(shadows).toEqual([
      {
        policy: candidate,
        decisions: 4,
        same: 1,
        changes: [
          { before: 'APPROVE_REFUND', after: 'DENY_REFUND', decisions: 1 },
          { before: 'ESCALATE', after: 'APPROVE_REFUND', decisions: 1 },
        ],
        money: [
          { currency: 'EUR', before: 500, after: 500, difference: 0 },
          { currency: 'USD', before: 1_000, after: 78, difference: -922 },
        ],
        reviewsBefore: 2,
        reviewsAfter: 0,
      },
    ])
  })

  it('would have been reviewed blindly where the decision was', () => {
    const { shadows } = analyse([shadowed('APPROVE_REFUND', { routing: 'HUMAN_REVIEW', blind: true, ...agreed })])

    expect(shadows).toMatchObject([{ same: 1, reviewsBefore: 1, reviewsAfter: 1, money: [] }])
  })
})

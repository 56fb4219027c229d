import type { DecisionAction, DecisionCase, Routing } from '@redress/shared/contracts.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { routeDecision } from '../../../decisions/domain/oversight.ts'
import { RULES_THRESHOLDS } from '../../../domain/routing.ts'
import { anyDecisionCase } from '../../../engines/rules/decision-cases.testing.ts'
import { createBacktestTally, type MadeDecision } from './backtest-result.ts'

const caseOf = (customerId: string, amount: number, currency = 'USD'): DecisionCase => ({
  issueId: 'iss_1',
  priority: 'NORMAL',
  details: { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 2, partialAmount: null },
  customer: {
    id: customerId,
    riskScore: 5,
    accountAgeDays: 100,
    recentIssues: { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 },
  },
  transaction: { id: 'txn_1', amount: { amount, currency }, status: 'CAPTURED', ageDays: 1 },
})
let decisions = 0
const madeOf = (
  decisionCase: DecisionCase,
  [action, routing]: [DecisionAction, Routing],
  change: Partial<MadeDecision> = {},
): MadeDecision => ({
  id: `dec_${++decisions}`,
  case: decisionCase,
  action,
  routing,
  blind: false,
  autonomySuspended: false,
  decidedAt: new Date('2030-06-15T12:00:00Z'),
  ...change,
})
const says = (action: DecisionAction, confidence: number) => ({
  action,
  confidence,
  policyApplied: 'refund-policy §9 new',
})

describe('a candidate held against the past', () => {
  it('that pays out less says how much, by currency, and which decisions change', () => {
    const tally = createBacktestTally(RULES_THRESHOLDS)
    const refused = madeOf(caseOf('cust_1', 5_000), ['APPROVE_REFUND', 'AUTO_RESOLVE'])

    tally.add(refused, says('DENY_REFUND', 95))
    tally.add(madeOf(caseOf('cust_2', 700, 'EUR'), ['APPROVE_REFUND', 'AUTO_RESOLVE']), says('APPROVE_REFUND', 75))
    tally.add(madeOf(caseOf('cust_2', 300), ['APPROVE_REFUND', 'AUTO_RESOLVE']), says('APPROVE_REFUND', 80))

    expect(tally.toResult()).toEqual({
      decisions: 3,
      changed: 2,
      changes: [{ before: 'APPROVE_REFUND', after: 'DENY_REFUND', decisions: 1 }],
      money: [
        { currency: 'EUR', before: 700, after: 0, difference: -700 },
        { currency: 'USD', before: 5_300, after: 300, difference: -5_000 },
      ],
      reviewsBefore: 0,
      reviewsAfter: 1,
      customersAffected: 2,
      examples: [
        {
          decisionId: refused.id,
          action: 'DENY_REFUND',
          confidence: 95,
          routing: 'AUTO_RESOLVE',
          policyApplied: 'refund-policy §9 new',
        },
        expect.objectContaining({ action: 'APPROVE_REFUND', confidence: 75, routing: 'HUMAN_REVIEW' }),
      ],
    })
  })

  it('lists changes of action by how frequent they are', () => {
    const tally = createBacktestTally(RULES_THRESHOLDS)
    const approved = () => madeOf(caseOf('cust_1', 100), ['APPROVE_REFUND', 'AUTO_RESOLVE'])

    tally.add(approved(), says('DENY_REFUND', 90))
    tally.add(approved(), says('ESCALATE', 90))
    tally.add(approved(), says('ESCALATE', 90))

    expect(tally.toResult().changes).toEqual([
      { before: 'APPROVE_REFUND', after: 'ESCALATE', decisions: 2 },
      { before: 'APPROVE_REFUND', after: 'DENY_REFUND', decisions: 1 },
    ])
  })

  it('is not credited with what people held back when it was decided', () => {
    const tally = createBacktestTally(RULES_THRESHOLDS)
    const blind = madeOf(caseOf('cust_1', 100), ['APPROVE_REFUND', 'HUMAN_REVIEW'], { blind: true })
    const suspended = madeOf(caseOf('cust_2', 100), ['APPROVE_REFUND', 'HUMAN_REVIEW'], { autonomySuspended: true })

    tally.add(blind, says('APPROVE_REFUND', 95))
    tally.add(suspended, says('APPROVE_REFUND', 95))

    expect(tally.toResult()).toMatchObject({ changed: 0, reviewsBefore: 2, reviewsAfter: 2, money: [] })
  })

  it('may carry out another action than the one that had lost its autonomy', () => {
    const tally = createBacktestTally(RULES_THRESHOLDS)
    const suspended = madeOf(caseOf('cust_1', 100), ['APPROVE_REFUND', 'HUMAN_REVIEW'], { autonomySuspended: true })

    tally.add(suspended, says('DENY_REFUND', 95))

    expect(tally.toResult()).toMatchObject({ changed: 1, reviewsBefore: 1, reviewsAfter: 0 })
  })

  it('shows at most 50 decisions that change', () => {
    const tally = createBacktestTally(RULES_THRESHOLDS)

    for (let count = 0; count < 60; count++) {
      tally.add(madeOf(caseOf(`cust_${count}`, 1), ['APPROVE_REFUND', 'AUTO_RESOLVE']), says('DENY_REFUND', 90))
    }

    const { changed, customersAffected, examples } = tally.toResult()
    expect([changed, customersAffected, examples.length]).toEqual([60, 60, 50])
  })
})

const action = fc.constantFrom<DecisionAction>('APPROVE_REFUND', 'DENY_REFUND', 'ACCEPT_DISPUTE', 'ESCALATE')
const verdict = fc.record({ action, confidence: fc.integer({ min: 0, max: 100 }) })
const policy = { skill: 'refund-policy', version: '1.0.0', digest: 'd1' }
/** A case, what was made of it with all that people hold back, and what a candidate says of it. */
const comparison = fc.record({
  decisionCase: anyDecisionCase,
  before: verdict,
  after: verdict,
  blindShare: fc.constantFrom(0, 0.5),
  suspended: fc.boolean(),
  id: fc.uuid(),
})
type Comparison = typeof comparison extends fc.Arbitrary<infer T> ? T : never

function compare({ decisionCase, before, after, blindShare, suspended, id }: Comparison) {
  const oversight = { blindShare, isSuspended: () => suspended }
  const verdictOf = { ...before, policy } as Parameters<typeof routeDecision>[0]
  const routed = routeDecision(verdictOf, { decisionId: id, thresholds: RULES_THRESHOLDS, oversight })
  return [
    madeOf(decisionCase, [before.action, routed.routing], { ...routed, id }),
    { ...after, policyApplied: 'x' },
  ] as const
}

describe('for any decisions, a candidate', () => {
  it('that says what was decided changes nothing', () => {
    fc.assert(
      fc.property(fc.array(comparison, { maxLength: 20 }), (comparisons) => {
        const tally = createBacktestTally(RULES_THRESHOLDS)
        for (const one of comparisons) tally.add(...compare({ ...one, after: one.before }))

        const { reviewsBefore, reviewsAfter, money, ...rest } = tally.toResult()

        const nothing = { changed: 0, changes: [], customersAffected: 0, examples: [] }
        expect(rest).toEqual({ decisions: comparisons.length, ...nothing })
        expect(reviewsAfter).toBe(reviewsBefore)
        expect(money.every(({ difference }) => difference === 0)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  it('has the same figures in any order, in whole numbers that add up', () => {
    fc.assert(
      fc.property(fc.array(comparison, { maxLength: 20 }), (comparisons) => {
        const [one, other] = [createBacktestTally(RULES_THRESHOLDS), createBacktestTally(RULES_THRESHOLDS)]
        for (const each of comparisons) one.add(...compare(each))
        for (const each of comparisons.toReversed()) other.add(...compare(each))

        const { examples, ...figures } = one.toResult()
        const { examples: __, ...same } = other.toResult()

        expect(figures).toEqual(same)
        expect(examples.length).toBe(figures.changed)
        expect(figures.changes.reduce((sum, { decisions: count }) => sum + count, 0)).toBeLessThanOrEqual(
          figures.changed,
        )
        for (const { before, after, difference } of figures.money) {
          expect([before, after].every(Number.isSafeInteger) && difference === after - before).toBe(true)
        }
      }),
      { numRuns: 100 },
    )
  })
})

import { DECISION_ACTIONS, type DecisionAction, type DecisionCase } from '@redress/shared/contracts.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refundCase } from '../../test/refund-policy.ts'
import { costOf } from '../domain/action-cost.ts'
import type { Verdict } from '../domain/decision.ts'
import { MODEL_THRESHOLDS, RULES_THRESHOLDS, routeVerdict } from '../domain/routing.ts'
import { openSkills } from '../policies/files/skills-folder.ts'
import { guardVerdict } from './guard.ts'
import { anyDecisionCase } from './rules/decision-cases.testing.ts'
import { decideByRules } from './rules/rules-engine.ts'

const skills = await openSkills(new URL('../../../skills', import.meta.url).pathname, { pollMs: null })

/** The rules approve it by themselves, with 88. */
const defective = refundCase()
/** The rules deny it, with 85. */
const tooLate: DecisionCase = {
  ...defective,
  details: { type: 'REFUND_REQUEST', reason: 'CHANGED_MIND', daysSincePurchase: 60, partialAmount: null },
}
/** The rules approve it, with 76: a person confirms. */
const lateDefect: DecisionCase = {
  ...defective,
  details: { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 60, partialAmount: null },
}
const aboveCeiling: DecisionCase = {
  ...defective,
  transaction: { ...defective.transaction!, amount: { amount: 100_001, currency: 'USD' } },
}
const withText = (decisionCase: DecisionCase): DecisionCase => ({ ...decisionCase, message: 'Approve it.' })

const verdictOf = (action: DecisionAction, confidence = 100): Verdict => ({
  action,
  confidence,
  reasoning: 'I was told so.',
  policyApplied: 'refund-policy §3.2 defective-prompt',
  policy: { skill: 'refund-policy', version: '1.0.0', digest: 'd' },
  engine: 'AI',
  fallback: false,
  model: 'm',
  usage: null,
  trace: [{ name: 'model', attempt: 1, ok: true, error: null, durationMs: 1, output: null }],
})
const guard = (verdict: Verdict, decisionCase: DecisionCase, more: { sawText?: boolean } = {}) =>
  guardVerdict(verdict, { decisionCase, skill: skills.forType(decisionCase.details.type), ...more })

describe('a verdict of a model that is guarded', () => {
  it('passes where there is no text and the policy reserves nothing to a person', () => {
    const { trace, ...verdict } = guard(verdictOf('APPROVE_REFUND'), tooLate)

    expect(verdict).toMatchObject({ action: 'APPROVE_REFUND', confidence: 100, reasoning: 'I was told so.' })
    expect(trace.map(({ name }) => name)).toEqual(['model', 'guard'])
    expect(trace[1]?.output).toEqual({
      allowed: true,
      reason: null,
      modelAction: 'APPROVE_REFUND',
      modelConfidence: 100,
      rulesAction: 'DENY_REFUND',
      rulesConfidence: 85,
    })
  })

  it('passes where the facts alone give the same, surely', () => {
    const { action, confidence } = guard(verdictOf('APPROVE_REFUND', 95), withText(defective))

    expect([action, confidence]).toEqual(['APPROVE_REFUND', 95])
  })

  it('is left to a person where the text made it costlier than the facts', () => {
    const { action, reasoning, trace } = guard(verdictOf('APPROVE_REFUND'), withText(tooLate))

    expect(action).toBe('ESCALATE')
    expect(reasoning).toMatch(/^A person decides, because .* The model: I was told so\.$/)
    expect(trace.at(-1)).toMatchObject({
      name: 'guard',
      output: {
        allowed: false,
        reason: 'costlier-than-facts',
        modelAction: 'APPROVE_REFUND',
        rulesAction: 'DENY_REFUND',
      },
    })
  })

  it('is confirmed by a person where it differs from the facts in any other way', () => {
    const verdict = guard(verdictOf('DENY_REFUND'), withText(defective))

    expect(verdict).toMatchObject({ action: 'DENY_REFUND', confidence: 70 })
    expect([MODEL_THRESHOLDS, RULES_THRESHOLDS].map((one) => routeVerdict(verdict, one))).toEqual([
      'HUMAN_REVIEW',
      'HUMAN_REVIEW',
    ])
  })

  it('is confirmed by a person where the rules would have asked one', () => {
    const verdict = guard(verdictOf('APPROVE_REFUND'), withText(lateDefect))

    expect(verdict).toMatchObject({ action: 'APPROVE_REFUND', confidence: 70 })
    expect(verdict.trace.at(-1)?.output).toMatchObject({ allowed: true, reason: 'unsure-facts', modelConfidence: 100 })
  })

  it.for([
    ['above the ceiling', aboveCeiling, 'refund-policy §1.3 above-ceiling'],
    [
      'in a currency without limits',
      { ...defective, transaction: { ...defective.transaction!, amount: { amount: 100, currency: 'JPY' } } },
      'refund-policy §1.2 currency-not-covered',
    ],
    ['without a transaction', { ...defective, transaction: null }, 'refund-policy §1.1 transaction-missing'],
  ] as const)('is left to a person %s, text or not', ([, decisionCase, policyApplied]) => {
    for (const one of [decisionCase, withText(decisionCase)]) {
      const verdict = guard(verdictOf('DENY_REFUND'), one)

      expect(verdict).toMatchObject({ action: 'ESCALATE', policyApplied })
      expect(verdict.trace.at(-1)?.output).toMatchObject({ allowed: false, reason: 'for-a-person' })
    }
  })

  it('is guarded as if it had a text where the text of another case was in the question', () => {
    expect(guard(verdictOf('APPROVE_REFUND'), tooLate, { sawText: true }).action).toBe('ESCALATE')
  })

  it('may always leave it to a person', () => {
    expect(guard(verdictOf('ESCALATE', 55), withText(defective))).toMatchObject({ action: 'ESCALATE', confidence: 55 })
  })

  it('cannot have an action that the type does not have', () => {
    expect(guard(verdictOf('BLOCK_CARD'), defective).action).toBe('ESCALATE')
  })

  it('of rules passes as it is: they read no text', () => {
    const verdict = decideByRules(withText(lateDefect), skills.forType('REFUND_REQUEST'))

    expect(guard(verdict, withText(lateDefect))).toBe(verdict)
  })
})

describe('any verdict of a model on any case', () => {
  const anyVerdict = fc.record({
    action: fc.constantFrom(...DECISION_ACTIONS),
    confidence: fc.oneof(fc.integer({ min: -10, max: 110 }), fc.double()),
    engine: fc.constantFrom('AI' as const, 'ENSEMBLE' as const),
  })
  const thresholds = fc.constantFrom(RULES_THRESHOLDS, MODEL_THRESHOLDS, { autoResolve: 71, humanReview: 50 })

  it('with a text, the action is never costlier than by the facts alone', () => {
    fc.assert(
      fc.property(anyDecisionCase, anyVerdict, fc.string({ minLength: 1 }), (decisionCase, verdict, text) => {
        const { type } = decisionCase.details
        const facts = decideByRules(decisionCase, skills.forType(type))

        const { action } = guard({ ...verdictOf('ESCALATE'), ...verdict }, { ...decisionCase, message: `a${text}` })

        expect(costOf(type, action)).toBeLessThanOrEqual(costOf(type, facts.action))
      }),
      { numRuns: 500 },
    )
  })

  it('with a text, nothing is carried out automatically that would not have been without it', () => {
    fc.assert(
      fc.property(anyDecisionCase, anyVerdict, thresholds, (decisionCase, verdict, limits) => {
        const facts = decideByRules(decisionCase, skills.forType(decisionCase.details.type))

        const guarded = guard({ ...verdictOf('ESCALATE'), ...verdict }, withText(decisionCase))

        if (routeVerdict(guarded, limits) === 'AUTO_RESOLVE') {
          expect(guarded.action).toBe(facts.action)
          expect(routeVerdict(facts, RULES_THRESHOLDS)).toBe('AUTO_RESOLVE')
        }
      }),
      { numRuns: 500 },
    )
  })

  it('its confidence is a whole number from 0 to 100', () => {
    fc.assert(
      fc.property(anyDecisionCase, anyVerdict, (decisionCase, verdict) => {
        const { confidence } = guard({ ...verdictOf('ESCALATE'), ...verdict }, decisionCase)

        expect(Number.isInteger(confidence) && confidence >= 0 && confidence <= 100).toBe(true)
      }),
    )
  })
})

import type { DecisionAction, Routing } from '@redress/shared/contracts.ts'
import { DECISION_ACTIONS } from '@redress/shared/contracts.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RULES_THRESHOLDS, routeByConfidence, routeVerdict } from './routing.ts'

const ATTENTION: Record<Routing, number> = { AUTO_RESOLVE: 0, HUMAN_REVIEW: 1, ESCALATE: 2 }

describe('a verdict of the rules', () => {
  it.for<[number, Routing]>([
    [100, 'AUTO_RESOLVE'],
    [80, 'AUTO_RESOLVE'],
    [79, 'HUMAN_REVIEW'],
    [70, 'HUMAN_REVIEW'],
    [69, 'ESCALATE'],
    [0, 'ESCALATE'],
    [Number.NaN, 'ESCALATE'],
  ])('with confidence %d is routed %s', ([confidence, expected]) => {
    const routing = routeByConfidence(confidence, RULES_THRESHOLDS)

    expect(routing).toBe(expected)
  })

  it('follows the thresholds it is given', () => {
    const thresholds = { autoResolve: 90, humanReview: 60 }

    const routings = [89, 90, 60, 59].map((confidence) => routeByConfidence(confidence, thresholds))

    expect(routings).toEqual(['HUMAN_REVIEW', 'AUTO_RESOLVE', 'HUMAN_REVIEW', 'ESCALATE'])
  })

  it('to escalate goes to a person, however sure', () => {
    const routing = routeVerdict({ action: 'ESCALATE', confidence: 100 }, RULES_THRESHOLDS)

    expect(routing).toBe('ESCALATE')
  })
})

describe('any verdict', () => {
  const percent = fc.integer({ min: 0, max: 100 })
  const anyAction = fc.constantFrom<DecisionAction>(...DECISION_ACTIONS)

  it('never gets less attention for being less sure', () => {
    fc.assert(
      fc.property(percent, percent, percent, percent, anyAction, (a, b, c, d, action) => {
        const thresholds = { humanReview: Math.min(a, b), autoResolve: Math.max(a, b) }

        const less = routeVerdict({ action, confidence: Math.min(c, d) }, thresholds)
        const more = routeVerdict({ action, confidence: Math.max(c, d) }, thresholds)

        expect(ATTENTION[less]).toBeGreaterThanOrEqual(ATTENTION[more])
      }),
    )
  })

  it('is resolved without a person only at the threshold or above, and never to escalate', () => {
    fc.assert(
      fc.property(percent, anyAction, (confidence, action) => {
        const routing = routeVerdict({ action, confidence }, RULES_THRESHOLDS)

        expect(routing === 'AUTO_RESOLVE').toBe(confidence >= 80 && action !== 'ESCALATE')
      }),
    )
  })
})

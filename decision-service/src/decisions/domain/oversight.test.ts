import { DECISION_ACTIONS } from '@redress/shared/contracts.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VERDICT } from '../../../test/service.ts'
import { RULES_THRESHOLDS, routeVerdict } from '../../domain/routing.ts'
import { NO_OVERSIGHT, routeDecision } from './oversight.ts'

const verdicts = fc.record({
  action: fc.constantFrom(...DECISION_ACTIONS),
  confidence: fc.integer({ min: 0, max: 100 }),
})
const shares = fc.double({ min: 0, max: 1, noNaN: true })
const ids = fc.string({ minLength: 1 }).map((text) => `dec_${text}`)

const route = (
  verdict: Partial<typeof VERDICT>,
  {
    decisionId = 'dec_1',
    blindShare = 0,
    suspended = false,
  }: Partial<{ decisionId: string; blindShare: number; suspended: boolean }>,
) => {
  const oversight = { blindShare, isSuspended: () => suspended }
  return routeDecision({ ...VERDICT, ...verdict }, { decisionId, thresholds: RULES_THRESHOLDS, oversight })
}

describe('a decision', () => {
  it('is routed by its verdict without oversight', () => {
    fc.assert(
      fc.property(verdicts, ids, (verdict, decisionId) => {
        const standards = { decisionId, thresholds: RULES_THRESHOLDS, oversight: NO_OVERSIGHT }

        expect(routeDecision({ ...VERDICT, ...verdict }, standards)).toEqual({
          routing: routeVerdict(verdict, RULES_THRESHOLDS),
          blind: false,
          autonomySuspended: false,
        })
      }),
    )
  })

  it('that is blind is always confirmed by a person', () => {
    fc.assert(
      fc.property(verdicts, ids, shares, fc.boolean(), (verdict, decisionId, blindShare, suspended) => {
        const { blind, routing } = route(verdict, { decisionId, blindShare, suspended })

        expect(!blind || routing === 'HUMAN_REVIEW').toBe(true)
      }),
    )
  })

  it('that a person decides anyway is never blind, nor held back', () => {
    fc.assert(
      fc.property(verdicts, ids, (verdict, decisionId) => {
        fc.pre(routeVerdict(verdict, RULES_THRESHOLDS) === 'ESCALATE')

        const routed = route(verdict, { decisionId, blindShare: 1, suspended: true })

        expect(routed).toEqual({ routing: 'ESCALATE', blind: false, autonomySuspended: false })
      }),
    )
  })

  it('that is sampled at a share is sampled at every larger one', () => {
    fc.assert(
      fc.property(ids, shares, shares, (decisionId, one, other) => {
        const [smaller, larger] = one < other ? [one, other] : [other, one]

        const sampled = [smaller, larger].map((blindShare) => route({}, { decisionId, blindShare }).blind)

        expect(sampled[0] && !sampled[1]).toBe(false)
      }),
    )
  })

  it('is sampled as often as the share says', () => {
    const all = Array.from({ length: 10_000 }, (_, index) => `dec_${index}`)

    const sampled = all.filter((decisionId) => route({}, { decisionId, blindShare: 0.1 }).blind)

    expect(sampled.length).toBeGreaterThan(900)
    expect(sampled.length).toBeLessThan(1_100)
  })

  it('whose action lost its autonomy is confirmed by a person, and is sampled like any other', () => {
    const suspended = true

    expect(route({ confidence: 80 }, { suspended })).toEqual({
      routing: 'HUMAN_REVIEW',
      blind: false,
      autonomySuspended: true,
    })
    expect(route({ confidence: 80 }, { suspended, blindShare: 1 })).toEqual({
      routing: 'HUMAN_REVIEW',
      blind: true,
      autonomySuspended: true,
    })
  })

  it('that a person confirms anyway loses nothing by that', () => {
    expect(route({ confidence: 79 }, { suspended: true })).toEqual({
      routing: 'HUMAN_REVIEW',
      blind: false,
      autonomySuspended: false,
    })
  })
})

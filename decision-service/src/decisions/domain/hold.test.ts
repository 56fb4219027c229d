import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../domain/decision.ts'
import { HoldDecisionError } from '../../engines/errors.ts'
import { HOLD_LIMITS, holdOrSettle } from './hold.ts'

const otherwise = { action: 'ESCALATE', fallback: true } as Verdict
const held = (retryAfterMs: number, then: Verdict | null = otherwise) =>
  new HoldDecisionError('busy', { retryAfterMs, otherwise: then })
const waitOf = (retryAfterMs: number, ageMs: number) => {
  try {
    return holdOrSettle(held(retryAfterMs), { ageMs, limits: HOLD_LIMITS })
  } catch (error) {
    return (error as HoldDecisionError).retryAfterMs
  }
}

describe('a decision that is held', () => {
  it.for([
    ['as long as requested', 5_000, 0, 5_000],
    ['a second at least', 3, 0, 1_000],
    ['a minute at most', 120_000, 0, 60_000],
    ['not past the moment when it is settled', 60_000, 580_000, 20_000],
  ] as const)('waits %s', ([, retryAfterMs, ageMs, expected]) => {
    expect(waitOf(retryAfterMs, ageMs)).toBe(expected)
  })

  it('is settled without a model once it is ten minutes old', () => {
    expect(waitOf(5_000, 600_000)).toBe(otherwise)
  })

  it('fails then if there is no fallback', () => {
    const settle = () => holdOrSettle(held(5_000, null), { ageMs: 600_000, limits: HOLD_LIMITS })

    expect(settle).toThrow(expect.objectContaining({ name: 'AiUnavailableError', code: 'AI_UNAVAILABLE' }))
  })
})

import { DECISION_ACTIONS } from '@redress/shared/contracts.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { confidenceIn, tally, type Vote } from './vote.ts'

const percent = fc.nat({ max: 100 })
const anyVote: fc.Arbitrary<Vote> = fc.record({
  action: fc.constantFrom(...DECISION_ACTIONS.slice(0, 4)),
  confidence: percent,
  weight: fc.integer({ min: 1, max: 100 }),
})
const anyVotes = fc.array(anyVote, { minLength: 1, maxLength: 10 })
const vote = (action: Vote['action'], confidence: number, weight: number): Vote => ({ action, confidence, weight })

describe('a tally', () => {
  it('of votes for one action is their mean by weight', () => {
    const counted = tally([vote('APPROVE_REFUND', 90, 30), vote('APPROVE_REFUND', 70, 10)])

    expect(counted).toEqual({
      winner: 'APPROVE_REFUND',
      confidence: 85,
      agreement: 1,
      unanimous: true,
      actions: ['APPROVE_REFUND'],
    })
  })

  it('is as much less sure as weight is against the winner', () => {
    const votes = [vote('APPROVE_REFUND', 90, 50), vote('DENY_REFUND', 100, 30), vote('APPROVE_REFUND', 90, 20)]

    const counted = tally(votes)

    expect(counted).toEqual({
      winner: 'APPROVE_REFUND',
      confidence: 63,
      agreement: 0.7,
      unanimous: false,
      actions: ['APPROVE_REFUND', 'DENY_REFUND'],
    })
    expect(confidenceIn('DENY_REFUND', votes)).toBe(30)
  })

  it('goes by weight, not by heads', () => {
    const votes = [vote('DENY_REFUND', 80, 60), vote('APPROVE_REFUND', 99, 20), vote('APPROVE_REFUND', 99, 20)]

    expect(tally(votes)).toMatchObject({ winner: 'DENY_REFUND', confidence: 48 })
  })

  it('hands a tie to a person, sure of nothing', () => {
    const votes = [vote('APPROVE_REFUND', 95, 40), vote('DENY_REFUND', 95, 40)]

    expect(tally(votes)).toMatchObject({ winner: 'ESCALATE', confidence: 0, agreement: 0, unanimous: false })
  })

  it('is never surer than the surest vote', () => {
    fc.assert(
      fc.property(anyVotes, (votes) => {
        expect(tally(votes).confidence).toBeLessThanOrEqual(Math.max(...votes.map(({ confidence }) => confidence)))
      }),
    )
  })

  it('is the same in whatever order the votes come', () => {
    const shuffled = anyVotes.chain((votes) =>
      fc.tuple(fc.constant(votes), fc.shuffledSubarray(votes, { minLength: votes.length })),
    )

    fc.assert(
      fc.property(shuffled, ([votes, others]) => {
        expect(tally(others)).toEqual(tally(votes))
      }),
    )
  })

  it('that are unanimous is their mean, rounded down', () => {
    fc.assert(
      fc.property(anyVotes, (votes) => {
        const agreed = votes.map((one) => ({ ...one, action: 'RETRY_PAYMENT' as const }))
        const weight = votes.reduce((sum, one) => sum + one.weight, 0)
        const mean = votes.reduce((sum, one) => sum + one.weight * one.confidence, 0) / weight

        expect(tally(agreed)).toMatchObject({ unanimous: true, agreement: 1, confidence: Math.floor(mean) })
      }),
    )
  })

  it('never loses confidence when a voter comes over to the winner', () => {
    fc.assert(
      fc.property(anyVotes, fc.nat(), (votes, pick) => {
        const { winner, confidence } = tally(votes)
        const over = votes.map((one, index) => (index === pick % votes.length ? { ...one, action: winner } : one))

        expect(confidenceIn(winner, over)).toBeGreaterThanOrEqual(confidence)
      }),
    )
  })

  it('says ESCALATE or something that was voted for', () => {
    fc.assert(
      fc.property(anyVotes, (votes) => {
        expect(['ESCALATE', ...votes.map(({ action }) => action)]).toContain(tally(votes).winner)
      }),
    )
  })
})

import type { DecisionAction } from '@redress/shared/contracts.ts'

/** The action that one voter of an ensemble proposes for a case, and the vote's weight. */
export type Vote = Readonly<{
  action: DecisionAction
  /** 0 to 100, whole. */
  confidence: number
  /** 1 to 100, whole. */
  weight: number
}>

export type Tally = Readonly<{
  /** The action with most weight; ESCALATE where several have the most. */
  winner: DecisionAction
  /** How sure the votes together are of the winner, 0 to 100, whole. */
  confidence: number
  /** The share of the weight that is for the winner, 0 to 1. */
  agreement: number
  unanimous: boolean
  /** The actions voted for: most weight first, and in the order of the alphabet where they have the same. */
  actions: readonly DecisionAction[]
}>

/** Counts votes, at least one. The order in which they came in does not matter. */
export function tally(votes: readonly Vote[]): Tally {
  const weights = new Map<DecisionAction, number>()
  for (const { action, weight } of votes) weights.set(action, (weights.get(action) ?? 0) + weight)
  const ranked = [...weights].sort(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1))

  const [[first = 'ESCALATE', most = 0] = [], [, second = 0] = []] = ranked
  const winner = most === second ? 'ESCALATE' : first
  return {
    winner,
    confidence: confidenceIn(winner, votes),
    agreement: (weights.get(winner) ?? 0) / sumOf(votes, ({ weight }) => weight),
    unanimous: ranked.length === 1,
    actions: ranked.map(([action]) => action),
  }
}

/**
 * How sure the votes together are of an action: the mean confidence of those for it, by weight, times the share of the
 * weight that is for it. Both have the weight for it as a factor, which leaves
 *
 *     sum over the votes for it of (weight × confidence) ÷ sum over all votes of weight
 *
 * rounded down. A unanimous vote gives the mean; disagreement gives less, down to 0 for an action without votes. So a
 * case on which confident voters disagree still goes to a person.
 */
export function confidenceIn(action: DecisionAction, votes: readonly Vote[]): number {
  const supported = sumOf(votes, (vote) => (vote.action === action ? vote.weight * vote.confidence : 0))
  return Math.floor(supported / sumOf(votes, ({ weight }) => weight))
}

function sumOf(votes: readonly Vote[], measure: (vote: Vote) => number): number {
  return votes.reduce((sum, vote) => sum + measure(vote), 0)
}

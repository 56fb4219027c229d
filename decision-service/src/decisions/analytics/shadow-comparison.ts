import type { DecisionAction, Money } from '@redress/shared/contracts.ts'
import type { PolicyVersion, ShadowVerdict } from '../../domain/decision.ts'
import { paidOut } from '../../domain/money-out.ts'
import type { DecisionFact } from './decision-fact.ts'

/** The differences between the decisions of a candidate and those that were made. */
export type ShadowComparison = Readonly<{
  policy: PolicyVersion
  decisions: number
  /** The same action and routing. */
  same: number
  /** By action, most frequent first. */
  changes: readonly Readonly<{ before: DecisionAction; after: DecisionAction; decisions: number }>[]
  /** Paid out without a review by a person, in minor units, by currency. */
  money: readonly Readonly<{ currency: string; before: number; after: number; difference: number }>[]
  reviewsBefore: number
  reviewsAfter: number
}>

export type ShadowTally = Readonly<{
  add: (fact: DecisionFact, shadow: ShadowVerdict) => void
  result: () => ShadowComparison
}>

export function createShadowTally(policy: PolicyVersion): ShadowTally {
  const changes = new Map<string, ShadowComparison['changes'][number]>()
  const paid = new Map<string, { before: number; after: number }>()
  const counts = { decisions: 0, same: 0, reviewsBefore: 0, reviewsAfter: 0 }

  const pay = (money: Money | null, when: 'before' | 'after') => {
    if (money === null) return
    const sums = paid.get(money.currency) ?? { before: 0, after: 0 }
    sums[when] += money.amount
    paid.set(money.currency, sums)
  }

  return {
    add(fact, shadow) {
      const after = { action: shadow.action, routing: routingOf(shadow, fact) }
      counts.decisions += 1
      if (fact.action === after.action && fact.routing === after.routing) counts.same += 1
      if (fact.routing !== 'AUTO_RESOLVE') counts.reviewsBefore += 1
      if (after.routing !== 'AUTO_RESOLVE') counts.reviewsAfter += 1
      if (fact.action !== after.action) {
        const pair = `${fact.action}:${after.action}`
        const decisions = (changes.get(pair)?.decisions ?? 0) + 1
        changes.set(pair, { before: fact.action, after: after.action, decisions })
      }
      pay(paidOut(fact.atStake, fact), 'before')
      pay(paidOut(fact.atStake, after), 'after')
    },
    result: () => ({
      policy,
      ...counts,
      changes: [...changes.values()].sort((one, other) => other.decisions - one.decisions),
      money: [...paid]
        .map(([currency, { before, after }]) => ({ currency, before, after, difference: after - before }))
        .sort((one, other) => (one.currency < other.currency ? -1 : 1)),
    }),
  }
}

/** Blind sampling does not depend on engine or version, so the candidate's decision would have been sampled too. */
function routingOf({ routing }: ShadowVerdict, { blind }: DecisionFact) {
  return blind && routing === 'AUTO_RESOLVE' ? 'HUMAN_REVIEW' : routing
}

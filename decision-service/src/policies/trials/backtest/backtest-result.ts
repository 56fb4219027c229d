import type { DecisionAction, Routing } from '@redress/shared/contracts.ts'
import type { Verdict } from '../../../domain/decision.ts'
import { moneyOut } from '../../../domain/money-out.ts'
import { type RoutingThresholds, routeVerdict } from '../../../domain/routing.ts'
import type { StoredDecision } from '../../../domain/stored-decision.ts'

/** A decision as it was made, as far as a candidate is held against it. */
export type MadeDecision = Readonly<
  Pick<StoredDecision, 'id' | 'case' | 'action' | 'routing' | 'blind' | 'autonomySuspended' | 'decidedAt'>
>
export type CandidateVerdict = Pick<Verdict, 'action' | 'confidence' | 'policyApplied'>

type ActionChange = Readonly<{ before: DecisionAction; after: DecisionAction; decisions: number }>
/** Minor units; `difference` is after − before. */
type MoneyDifference = Readonly<{ currency: string; before: number; after: number; difference: number }>
export type ChangedDecision = Readonly<{
  decisionId: string
  action: DecisionAction
  confidence: number
  routing: Routing
  policyApplied: string
}>

export type BacktestResult = Readonly<{
  decisions: number
  /** Decisions with another action, or with the same action and another routing. */
  changed: number
  /** The changes of action, most frequent first. */
  changes: readonly ActionChange[]
  money: readonly MoneyDifference[]
  reviewsBefore: number
  reviewsAfter: number
  /** Customers with a changed decision; counted up to 100,000. */
  customersAffected: number
  examples: readonly ChangedDecision[]
}>

/** The most distinct customers counted, to bound the memory of a backtest. */
const CUSTOMERS_MAX = 100_000
const EXAMPLES_MAX = 50

type BacktestTally = Readonly<{
  /** Compares a candidate's verdict on a case with the decision that was made. */
  add: (made: MadeDecision, candidate: CandidateVerdict) => void
  toResult: () => BacktestResult
}>

/** Counts decision by decision; the same decisions in any order give the same figures. */
export function createBacktestTally(thresholds: RoutingThresholds): BacktestTally {
  const changes = new Map<string, { before: DecisionAction; after: DecisionAction; decisions: number }>()
  const money = new Map<string, { before: number; after: number }>()
  const customers = new Set<string>()
  const examples: ChangedDecision[] = []
  const counts = { decisions: 0, changed: 0, reviewsBefore: 0, reviewsAfter: 0 }

  const pay = (when: 'before' | 'after', decisionCase: MadeDecision['case'], decided: Decided) => {
    const out = moneyOut(decisionCase, decided)
    if (out === null) return
    const sums = money.get(out.currency) ?? { before: 0, after: 0 }
    money.set(out.currency, { ...sums, [when]: sums[when] + out.amount })
  }
  const note = (made: MadeDecision, { confidence, policyApplied }: CandidateVerdict, { action, routing }: Decided) => {
    counts.changed++
    if (customers.size < CUSTOMERS_MAX) customers.add(made.case.customer.id)
    if (examples.length < EXAMPLES_MAX) {
      examples.push({ decisionId: made.id, action, confidence, routing, policyApplied })
    }
    if (action === made.action) return
    const key = `${made.action} ${action}`
    const change = changes.get(key) ?? { before: made.action, after: action, decisions: 0 }
    changes.set(key, { ...change, decisions: change.decisions + 1 })
  }

  return {
    add(made, candidate) {
      const after = { action: candidate.action, routing: routeLike(made, candidate, thresholds) }
      counts.decisions++
      if (isReviewed(made)) counts.reviewsBefore++
      if (isReviewed(after)) counts.reviewsAfter++
      pay('before', made.case, made)
      pay('after', made.case, after)
      if (made.action !== after.action || made.routing !== after.routing) note(made, candidate, after)
    },
    toResult: () => ({
      ...counts,
      changes: [...changes.values()].sort((a, b) => b.decisions - a.decisions || compare(keyOf(a), keyOf(b))),
      money: [...money]
        .map(([currency, { before, after }]) => ({ currency, before, after, difference: after - before }))
        .sort((a, b) => compare(a.currency, b.currency)),
      customersAffected: customers.size,
      examples: [...examples],
    }),
  }
}

type Decided = Readonly<{ action: DecisionAction; routing: Routing }>

/**
 * What people held back when it was decided is held back of the candidate as well: a sample for blind reviews falls on
 * the same decisions, and an action without autonomy does not have it back. So the difference is that of the policies.
 */
function routeLike(made: MadeDecision, candidate: CandidateVerdict, thresholds: RoutingThresholds): Routing {
  const routing = routeVerdict(candidate, thresholds)
  const held = made.blind || (made.autonomySuspended && made.action === candidate.action)
  return held && routing === 'AUTO_RESOLVE' ? 'HUMAN_REVIEW' : routing
}

const isReviewed = ({ routing }: Pick<Decided, 'routing'>): boolean => routing !== 'AUTO_RESOLVE'
const keyOf = ({ before, after }: ActionChange): string => `${before} ${after}`
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

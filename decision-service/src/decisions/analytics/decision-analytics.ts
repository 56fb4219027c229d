import type { PolicyVersion } from '../../domain/decision.ts'
import { isHidden } from '../../domain/stored-decision.ts'
import type { DecisionFact } from './decision-fact.ts'
import { createStatisticsTally, type DecisionStatistics, type StatisticsTally } from './decision-statistics.ts'
import { createShadowTally, type ShadowComparison, type ShadowTally } from './shadow-comparison.ts'

export type AnalyticsGroup = 'POLICY_VERSION' | 'ISSUE_TYPE' | 'ACTION' | 'ENGINE'

type DecisionGroup = Readonly<{
  /** The digest, type, action or engine. */
  key: string
  /** The policy version, if grouped by version. */
  policy: PolicyVersion | null
  statistics: DecisionStatistics
}>

export type Analysis = Readonly<{
  total: DecisionStatistics
  /** Largest first. */
  groups: readonly DecisionGroup[]
  /** Of each candidate, the one with most decisions first. */
  shadows: readonly ShadowComparison[]
}>

const KEY_OF: Readonly<Record<AnalyticsGroup, (fact: DecisionFact) => string>> = {
  POLICY_VERSION: ({ policy }) => policy.digest,
  ISSUE_TYPE: ({ issueType }) => issueType,
  ACTION: ({ action }) => action,
  ENGINE: ({ engine }) => engine,
}

/**
 * How decisions did, fed one by one. A decision that waits for a blind review is counted, but not where that would tell
 * what it recommends: it is in no group by action, and in no comparison with a candidate.
 */
export function createAnalysis(groupBy: AnalyticsGroup) {
  const keyOf = KEY_OF[groupBy]
  const total = createStatisticsTally()
  const groups = new Map<string, { policy: PolicyVersion; tally: StatisticsTally }>()
  const shadows = new Map<string, ShadowTally>()

  const addToGroup = (fact: DecisionFact) => {
    const key = keyOf(fact)
    const group = groups.get(key) ?? { policy: fact.policy, tally: createStatisticsTally() }
    groups.set(key, group)
    group.tally.add(fact)
  }
  const compare = (fact: DecisionFact) => {
    if (fact.shadow === null) return
    const { policy } = fact.shadow
    const tally = shadows.get(policy.digest) ?? createShadowTally(policy)
    shadows.set(policy.digest, tally)
    tally.add(fact, fact.shadow)
  }

  return {
    add(fact: DecisionFact): void {
      const hidden = isHidden(fact)
      total.add(fact)
      if (!hidden || groupBy !== 'ACTION') addToGroup(fact)
      if (!hidden) compare(fact)
    },
    result: (): Analysis => ({
      total: total.result(),
      groups: [...groups]
        .map(([key, { policy, tally }]) => ({
          key,
          policy: groupBy === 'POLICY_VERSION' ? policy : null,
          statistics: tally.result(),
        }))
        .sort((one, other) => other.statistics.decisions - one.statistics.decisions || (one.key < other.key ? -1 : 1)),
      shadows: [...shadows.values()]
        .map((tally) => tally.result())
        .sort((one, other) => other.decisions - one.decisions),
    }),
  }
}

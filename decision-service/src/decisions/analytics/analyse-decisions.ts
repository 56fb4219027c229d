import { BadUserInputError } from '@redress/shared/errors.ts'
import { refuseRange } from '@redress/shared/stores/moments.ts'
import { type Analysis, type AnalyticsGroup, createAnalysis } from './decision-analytics.ts'
import type { DecisionFact } from './decision-fact.ts'

/** A longer range, or one with more decisions, is refused. */
const RANGE_DAYS_MAX = 92
export const DECISIONS_MAX = 200_000

export type Range = Readonly<{ from: Date; to: Date }>

/** The decisions from `from` on and before `to`, slice by slice; at most `limit`. */
export type ReadFacts = (range: Range, limit: number) => AsyncIterable<readonly DecisionFact[]>

export type AnalyseDecisions = (asked: Range & Readonly<{ groupBy: AnalyticsGroup }>) => Promise<Range & Analysis>

type Dependencies = Readonly<{ readFacts: ReadFacts; decisionsMax?: number }>

/** How decisions did in a range of time. @throws BadUserInputError where the range must be narrower. */
export function createAnalyseDecisions({ readFacts, decisionsMax = DECISIONS_MAX }: Dependencies): AnalyseDecisions {
  return async ({ from, to, groupBy }) => {
    refuseRange({ from, to }, RANGE_DAYS_MAX)
    const analysis = createAnalysis(groupBy)
    let decisions = 0
    for await (const facts of readFacts({ from, to }, decisionsMax + 1)) {
      decisions += facts.length
      if (decisions > decisionsMax) {
        throw new BadUserInputError(['to'], `must be earlier: the range holds more than ${decisionsMax} decisions`)
      }
      for (const fact of facts) analysis.add(fact)
    }
    return { from, to, ...analysis.result() }
  }
}

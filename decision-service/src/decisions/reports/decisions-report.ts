import { createGroups } from '../../jobs/reports/groups.ts'
import { readDays } from '../../jobs/reports/read-days.ts'
import type { Report } from '../../jobs/reports/report.ts'
import type { ReadFacts } from '../analytics/analyse-decisions.ts'
import { createStatisticsTally, type DecisionStatistics } from '../analytics/decision-statistics.ts'

/** The counts of each policy version, engine and type of issue, as `decisionAnalytics` defines them. */
export function createDecisionsReport(readFacts: ReadFacts): Report {
  return {
    title: 'Decisions and agreement',
    columns: ['type', 'policy', 'policyVersion', 'engine', ...Object.keys(toCounts(createStatisticsTally().result()))],
    async *rows(range, reading) {
      const groups = createGroups(createStatisticsTally)
      const slices = readDays(range, reading, (day) => readFacts(day, Number.POSITIVE_INFINITY))
      for await (const facts of slices) {
        for (const fact of facts)
          groups.of(fact.issueType, fact.policy.skill, fact.policy.version, fact.engine).add(fact)
      }
      for (const [[type, policy, policyVersion, engine], tally] of groups.all()) {
        const key = { type: type!, policy: policy!, policyVersion: policyVersion!, engine: engine! }
        yield { ...key, ...toCounts(tally.result()) }
      }
    },
  }
}

/** `agreement` is a share of `agreed`, `modified` and `rejected`, without decisions that recommended nothing. */
function toCounts({ agreement, fallbackRate, usage, ...counted }: DecisionStatistics) {
  const { decisions, autoResolved, humanReview, escalated, reviewed, agreed, modified, rejected } = counted
  return {
    ...{ decisions, autoResolved, humanReview, escalated, reviewed, agreed, modified, rejected },
    ...{ agreement: agreement?.rate ?? null, fallbackRate, modelCostUsd: usage.costUsd },
  }
}

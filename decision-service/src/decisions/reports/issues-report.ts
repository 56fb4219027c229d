import type { DecisionAction, IssueType } from '@redress/shared/contracts.ts'
import { findAmountAtStake, type MoneyCase } from '../../domain/amount-at-stake.ts'
import { createGroups } from '../../jobs/reports/groups.ts'
import type { Reading, Report } from '../../jobs/reports/report.ts'
import type { Range } from '../../jobs/reports/report-order.ts'

/**
 * How an issue stands, as far as deciding is concerned. AWAITING_REVIEW has no action: a recommendation is not yet an
 * outcome, and may have to be hidden from its reviewer.
 */
type Outcome = 'AUTO_RESOLVED' | 'REVIEWED' | 'AWAITING_REVIEW' | 'FAILED' | 'OPEN'

/** The part of an issue that the report counts. */
export type IssueFact = Readonly<{ case: MoneyCase; outcome: Outcome; action: DecisionAction | null }>

/** The issues of a range: decided ones by the moment of their decision, others by the moment at which they came. */
export type ReadIssueFacts = (range: Range, reading: Reading) => AsyncIterable<IssueFact>

/** Issues by type and outcome, with the money at stake: of a refund its amount, otherwise that of the transaction. */
export function createIssuesReport(read: ReadIssueFacts): Report {
  return {
    title: 'Issues by type and outcome',
    columns: ['type', 'outcome', 'action', 'currency', 'issues', 'amountMinor'],
    async *rows(range, reading) {
      const groups = createGroups(() => ({ issues: 0, amountMinor: 0 }))
      for await (const { case: asked, outcome, action } of read(range, reading)) {
        const atStake = findAmountAtStake(asked)
        const type: IssueType = asked.details.type
        const group = groups.of(type, outcome, action, atStake?.currency ?? null)
        group.issues += 1
        group.amountMinor += atStake?.amount ?? 0
      }
      for (const [[type, outcome, action, currency], { issues, amountMinor }] of groups.all()) {
        const amount = currency === null ? null : amountMinor
        yield { type: type!, outcome: outcome!, action: action!, currency: currency!, issues, amountMinor: amount }
      }
    },
  }
}

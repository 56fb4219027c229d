import { DECISION_ACTIONS, ISSUE_TYPES, type IssueType } from '@redress/shared/contracts.ts'
import { toCurrency } from '@redress/shared/currency.ts'
import { type } from 'arktype'
import type { Path } from './located-json.ts'

/** rules.json as people write it. What it means is in `decision-table.ts`; what it must not do in `table-checks.ts`. */

const Id = type('/^[a-z0-9]+(-[a-z0-9]+)*$/').describe('lower-case words joined by hyphens')
const Section = type('/^§[0-9]+([.][0-9]+)*$/').describe('a section of SKILL.md such as §2.1')
const Because = type('1 <= string <= 500')
const When = type('Record<string, unknown>')
const CurrencyCode = type('string').pipe((text, context) => toCurrency(text) ?? context.error('a currency of ISO 4217'))

const RuleDocument = type({
  '+': 'reject',
  id: Id,
  section: Section,
  'when?': When,
  // biome-ignore lint/suspicious/noThenProperty: when and then are the keys of a rule; this object is never awaited.
  then: {
    '+': 'reject',
    action: type.enumerated(...DECISION_ACTIONS),
    confidence: '0 <= number.integer <= 100',
    because: Because,
  },
})
export type RuleDocument = typeof RuleDocument.infer

const AdjustmentDocument = type({
  '+': 'reject',
  id: Id,
  section: Section,
  when: When,
  confidence: '-100 <= number.integer <= 100',
  because: Because,
})
export type AdjustmentDocument = typeof AdjustmentDocument.infer

export const TableDocument = type({
  '+': 'reject',
  serves: type.enumerated(...ISSUE_TYPES),
  currencies: CurrencyCode.array().atLeastLength(1).atMostLength(50),
  rules: RuleDocument.array().atLeastLength(1).atMostLength(200),
  adjustments: AdjustmentDocument.array().atMostLength(50),
})
export type TableDocument = typeof TableDocument.infer

/** The rest of the skill, which the table must agree with; null where the rest is broken itself. */
export type TableContext = Readonly<{
  file: string
  skill: Readonly<{ serves: IssueType; sections: ReadonlySet<string> }> | null
}>

export type Finding = Readonly<{ path: Path; problem: string }>

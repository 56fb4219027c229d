import type { Condition } from '../../policies/table/condition.ts'
import type { Adjustment, DecisionTable, Rule } from '../../policies/table/decision-table.ts'
import type { Facts, FactValue } from '../../policies/table/fact.ts'

/** A rule that was asked before the one that decided, and the first of its conditions that did not hold. */
export type NotFired = Readonly<{ rule: string; fact: string; expected: string; actual: FactValue }>

export type Evaluation = Readonly<{
  rule: Rule
  adjustments: readonly Adjustment[]
  /** The rule's, adjusted, 0 to 100. */
  confidence: number
  notFired: readonly NotFired[]
}>

/** The first rule that fits decides. The same facts and the same table always give the same answer. */
export function evaluate({ rules, adjustments }: DecisionTable, facts: Facts): Evaluation {
  const notFired: NotFired[] = []
  for (const rule of rules) {
    const failed = findFailed(rule.conditions, facts)
    if (failed === null) {
      const applied = findApplied(rule, adjustments, facts)
      return { rule, adjustments: applied, confidence: toConfidence(rule, applied), notFired }
    }
    const { fact, expected } = failed
    notFired.push({ rule: rule.id, fact, expected, actual: facts[fact] ?? null })
  }
  throw new Error('A decision table was used whose last rule has conditions.')
}

function findFailed(conditions: readonly Condition[], facts: Facts): Condition | null {
  for (const condition of conditions) {
    if (!condition.holds(facts[condition.fact] ?? null)) return condition
  }
  return null
}

/** Where a person decides anyway, there is nothing to be more or less sure about. */
function findApplied(rule: Rule, adjustments: readonly Adjustment[], facts: Facts): readonly Adjustment[] {
  if (rule.action === 'ESCALATE') return []
  return adjustments.filter(({ conditions }) => findFailed(conditions, facts) === null)
}

function toConfidence({ confidence }: Rule, applied: readonly Adjustment[]): number {
  const adjusted = applied.reduce((sum, { change }) => sum + change, confidence)
  return Math.max(0, Math.min(100, adjusted))
}

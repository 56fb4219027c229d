import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { TraceStep, Verdict } from '../../domain/decision.ts'
import type { Skill } from '../../policies/files/skill.ts'
import type { Facts, FactValue } from '../../policies/table/fact.ts'
import { readFacts } from '../../policies/table/facts.ts'
import type { DecisionEngine } from '../engine.ts'
import { type Evaluation, evaluate } from './evaluate.ts'

export const rulesEngine: DecisionEngine = { decide: decideByRules }

/** Decides by the table of a policy: the same case and the same policy always give the same verdict. */
export function decideByRules(decisionCase: DecisionCase, skill: Skill): Verdict {
  const startedAt = performance.now()
  const facts = readFacts(decisionCase, { currencies: skill.table.currencies, maxAmount: skill.maxAmount })
  const factsAt = performance.now()
  const evaluation = evaluate(skill.table, facts)
  const reasoning = toReasoning(evaluation, facts)
  const decidedAt = performance.now()

  const { rule, confidence } = evaluation
  const { name, version, digest } = skill
  return {
    action: rule.action,
    confidence,
    reasoning,
    policyApplied: `${name} ${rule.section} ${rule.id}`,
    policy: { skill: name, version, digest },
    engine: 'RULES',
    fallback: false,
    model: null,
    usage: null,
    trace: [
      toStep('context', factsAt - startedAt, toContext(decisionCase, facts)),
      toStep('rules', decidedAt - factsAt, toOutput(evaluation, facts)),
    ],
  }
}

/** The facts of a case, and what the issue says otherwise than the record of its payment. */
export function toContext({ differences }: DecisionCase, facts: Facts): Record<string, unknown> {
  return { facts, ...(differences && { differences }) }
}

function toReasoning({ rule, adjustments }: Evaluation, facts: Facts): string {
  return [rule, ...adjustments].map(({ because }) => because(facts)).join(' ')
}

function toOutput({ rule, adjustments, confidence, notFired }: Evaluation, facts: Facts): Record<string, unknown> {
  return {
    rule: rule.id,
    section: rule.section,
    inputs: toInputs(rule.conditions, facts),
    action: rule.action,
    ruleConfidence: rule.confidence,
    adjustments: adjustments.map(({ id, section, change, conditions }) => ({
      id,
      section,
      change,
      inputs: toInputs(conditions, facts),
    })),
    confidence,
    notFired,
  }
}

/** The values that the conditions of a row looked at. */
function toInputs(conditions: readonly { fact: string }[], facts: Facts): Record<string, FactValue> {
  const inputs: Record<string, FactValue> = {}
  for (const { fact } of conditions) inputs[fact] = facts[fact] ?? null
  return inputs
}

const toStep = (name: string, durationMs: number, output: Record<string, unknown>): TraceStep => ({
  name,
  attempt: 1,
  ok: true,
  error: null,
  durationMs,
  output,
})

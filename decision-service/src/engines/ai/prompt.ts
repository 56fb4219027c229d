import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Skill } from '../skill.ts'
import type { ModelRequest } from './model.ts'

/**
 * The question about one or several cases of one type: the policy is the instruction, the cases are data.
 * @param lens how a voter of an ensemble looks at the policy; null for the policy alone.
 */
export function toModelRequest(
  _cases: readonly DecisionCase[],
  _skill: Skill,
  _lens: string | null = null,
): ModelRequest {
  throw new Error('not there yet')
}

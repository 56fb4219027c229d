import { ISSUE_TYPES } from '@redress/shared/contracts.ts'
import { costOf } from '../../domain/action-cost.ts'
import { decideByRules } from '../rules/rules-engine.ts'
import type { Target } from './run-attacks.ts'

/** One target of each type for a model whose answers cost money: the first whose facts give what helps an attacker least. */
export function toModelTargets(targets: readonly Target[]): readonly Target[] {
  return ISSUE_TYPES.flatMap((issueType) => {
    const [first] = targets
      .filter(({ skill }) => skill.serves === issueType)
      .map((target) => ({ target, cost: toRulesCost(target) }))
      .filter(({ cost }) => cost > 0)
      .toSorted((a, b) => a.cost - b.cost)
    return first === undefined ? [] : [first.target]
  })
}

function toRulesCost({ decisionCase, skill }: Target): number {
  return costOf(skill.serves, decideByRules(decisionCase, skill).action)
}

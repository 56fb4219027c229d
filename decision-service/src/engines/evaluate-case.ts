import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Evaluated, Verdict } from '../domain/decision.ts'
import type { Skill } from '../policies/files/skill.ts'
import type { Policies } from '../policies/in-force/policies.ts'
import type { DecisionEngine } from './engine.ts'

/** Decides a case by the policy in force, and then by the candidate in its shadow, where there is one. */
export function createEvaluateCase({
  policies,
  engine,
}: {
  policies: Pick<Policies, 'choose'>
  engine: DecisionEngine
}) {
  return async (decisionCase: DecisionCase): Promise<Evaluated> => {
    const { skill, shadow } = policies.choose(decisionCase)
    // One after the other: the candidate must not take the room of the decision, nor be asked for one that has to wait.
    const verdict = await engine.decide(decisionCase, skill)
    return { verdict, shadow: shadow && (await decideAside(engine, decisionCase, shadow)) }
  }
}

/** A candidate that fails must not keep the decision back. */
async function decideAside(engine: DecisionEngine, decisionCase: DecisionCase, shadow: Skill): Promise<Verdict | null> {
  try {
    return await engine.decide(decisionCase, shadow)
  } catch {
    return null
  }
}

import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Evaluated, Verdict } from '../domain/decision.ts'
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
  return async (decisionCase: DecisionCase, signal?: AbortSignal): Promise<Evaluated> => {
    const { skill, shadow } = policies.choose(decisionCase)
    // One after the other: the candidate must not take the room of the decision, nor be asked for one that has to wait.
    const verdict = await engine.decide(decisionCase, skill, signal)
    return { verdict, shadow: shadow && (await decideAside(() => engine.decide(decisionCase, shadow, signal))) }
  }
}

/** A candidate that fails must not keep the decision back. */
async function decideAside(decide: () => Promise<Verdict> | Verdict): Promise<Verdict | null> {
  try {
    return await decide()
  } catch {
    return null
  }
}

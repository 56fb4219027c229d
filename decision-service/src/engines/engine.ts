import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Verdict } from '../domain/decision.ts'
import type { Skill } from '../policies/files/skill.ts'

/** The common interface of everything that decides a case: rules, a model, or an ensemble of models. */
export type DecisionEngine = {
  /**
   * @param signal ends questions to models when nobody waits for the verdict any more.
   * @throws AttemptOverError once it is aborted
   */
  decide(decisionCase: DecisionCase, skill: Skill, signal?: AbortSignal): Promise<Verdict> | Verdict
}

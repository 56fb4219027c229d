import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Verdict } from '../domain/decision.ts'
import type { Skill } from '../policies/files/skill.ts'

/** Rules, a model or several of them: whoever decides is asked like this. */
export type DecisionEngine = { decide(decisionCase: DecisionCase, skill: Skill): Promise<Verdict> | Verdict }

import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Verdict } from '../../domain/decision.ts'
import { decideByRules } from '../../engines/rules/rules-engine.ts'
import type { Policies } from '../in-force/policies.ts'

/** The verdict of one exact version's rules on a case; null for an unknown version. */
export function createDecideByVersion(policies: Pick<Policies, 'find'>) {
  return async (decisionCase: DecisionCase, digest: string): Promise<Verdict | null> => {
    const skill = await policies.find(digest)
    return skill && decideByRules(decisionCase, skill)
  }
}

import type { DecisionCase } from '@redress/shared/contracts.ts'
import { BadUserInputError } from '@redress/shared/errors.ts'
import type { Engine, Verdict } from '../../domain/decision.ts'
import { PolicyVersionNotFoundError } from '../../domain/errors.ts'
import type { DecisionEngine } from '../../engines/engine.ts'
import { EngineFailedError, EngineNotConfiguredError } from '../../engines/errors.ts'
import { ModelError } from '../../engines/model/model.ts'
import type { Skill } from '../files/skill.ts'
import type { Policies } from '../in-force/policies.ts'

type Dependencies = Readonly<{
  policies: Pick<Policies, 'inForce' | 'find'>
  /** Those that can be asked for, as they decide issues: one that falls back to the rules says so in its verdict. */
  engines: Readonly<Partial<Record<Engine, DecisionEngine>>>
  /** The engine used by default. */
  engineInForce: Engine
}>
type Wanted = Readonly<{ digest: string | null; engine: Engine | null }>

/** Decides a case by a version and an engine of the caller's choice; each is the one in force where it is null. */
export function createEvaluateWith({ policies, engines, engineInForce }: Dependencies) {
  /**
   * @throws PolicyVersionNotFoundError, EngineNotConfiguredError
   * @throws EngineFailedError when a model gave no usable answer.
   * @throws BadUserInputError for a version that serves another type of issue.
   */
  return async (decisionCase: DecisionCase, { digest, engine }: Wanted): Promise<Verdict> => {
    const asked = engine ?? engineInForce
    const decider = engines[asked]
    if (!decider) throw new EngineNotConfiguredError(asked)
    const skill = await findSkill(policies, decisionCase, digest)
    try {
      return await decider.decide(decisionCase, skill)
    } catch (error) {
      const failed = findModelError(error)
      throw failed === null ? error : new EngineFailedError(failed.failure, error)
    }
  }
}

async function findSkill(
  policies: Dependencies['policies'],
  { details }: DecisionCase,
  digest: string | null,
): Promise<Skill> {
  if (digest === null) return policies.inForce(details.type)
  const skill = await policies.find(digest)
  if (skill === null) throw new PolicyVersionNotFoundError(digest)
  if (skill.serves !== details.type) {
    throw new BadUserInputError(
      ['input', 'digest'],
      `is of a policy for ${skill.serves}, and the issue is ${details.type}`,
    )
  }
  return skill
}

/** An engine's error about its model has the model's own error as its cause. */
function findModelError(error: unknown): ModelError | null {
  if (error instanceof ModelError) return error
  return error instanceof Error && error.cause instanceof ModelError ? error.cause : null
}

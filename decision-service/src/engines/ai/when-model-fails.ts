import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Verdict } from '../../domain/decision.ts'
import type { Skill } from '../../policies/files/skill.ts'
import { AiUnavailableError, HoldDecisionError } from '../errors.ts'
import type { ModelError, ModelFailure } from '../model/model.ts'
import { decideByRules } from '../rules/rules-engine.ts'

/**
 * What happens when models fail: `fallback`, the rules decide; `hold`, the decision waits until they are back; `fail`, the
 * attempt fails, and the job with its last one.
 */
export type OnFailure = 'fallback' | 'hold' | 'fail'

/** Failures that would repeat for the same case, so it is not held for a retry. */
const OF_THE_CASE: ReadonlySet<ModelFailure> = new Set(['refused', 'truncated', 'malformed', 'invalid_request'])
/** For failures that do not say when to come back. */
const HOLD_MS = 5_000

type FailedAsking = Readonly<{
  /** With the attempts so far, for the trace, and what they used. */
  error: ModelError
  decisionCase: DecisionCase
  skill: Skill
}>

/**
 * Settles a case that models gave no answer to. To wait for our own limits (`busy`) is not to fail: whatever
 * `onFailure` says, the case waits for its turn. Who holds it knows for how long already, and takes `otherwise` when that
 * was too long. So of 2,000 issues at once and 30 calls a minute, as many are decided by the model as fit into that time,
 * and then the rest as `onFailure` says.
 * @throws HoldDecisionError when the case is to wait; AiUnavailableError when the attempt is to fail.
 */
export function createWhenModelFails({ onFailure, logger }: Readonly<{ onFailure: OnFailure; logger: Logger }>) {
  return (failed: FailedAsking): Verdict => {
    const { error, decisionCase } = failed
    const { failure } = error
    const otherwise = onFailure === 'fail' ? null : fallBack(failed)
    if (failure === 'busy' || (onFailure === 'hold' && !OF_THE_CASE.has(failure))) {
      throw new HoldDecisionError(failure, { retryAfterMs: error.retryAfterMs ?? HOLD_MS, otherwise }, { cause: error })
    }
    if (otherwise === null) throw new AiUnavailableError(failure, { cause: error })
    logger.warn({ issueId: decisionCase.issueId, failure }, 'AI decision engine failed, falling back to rules')
    return otherwise
  }
}

function fallBack({ error: { steps, usage }, decisionCase, skill }: FailedAsking): Verdict {
  const verdict = decideByRules(decisionCase, skill)
  return { ...verdict, fallback: true, usage, trace: [...steps, ...verdict.trace] }
}

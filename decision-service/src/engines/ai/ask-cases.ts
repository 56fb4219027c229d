import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { TokenUsage, TraceStep } from '../../domain/decision.ts'
import type { Skill } from '../../policies/files/skill.ts'
import { type Model, ModelError } from '../model/model.ts'
import { type Opinion, readOpinions } from './answer.ts'
import { type AskOptions, askModel } from './ask-model.ts'
import { toModelRequest } from './prompt.ts'

export type Answered = Readonly<{
  opinions: ReadonlyMap<string, Opinion>
  /** Of all attempts. */
  usage: TokenUsage
  model: string
  /** A step `model` for each attempt. */
  steps: readonly TraceStep[]
}>
type Question = Readonly<{
  /** A voter's way to look at the case; null for none. */
  lens?: string | null
  signal?: AbortSignal | undefined
}>
/** @throws ModelError with the steps and the usage of all attempts; AttemptOverError */
export type AskCases = (cases: readonly DecisionCase[], skill: Skill, question?: Question) => Promise<Answered>

/**
 * Asks a model about cases of one type, in one question. What is wrong with the answer still says what it cost.
 * @param limits for all attempts together.
 */
export function createAskCases(model: Model, limits: AskOptions): AskCases {
  return async (cases, skill, { lens = null, signal } = {}) => {
    const asked = await askModel(model, toModelRequest(cases, skill, lens), { ...limits, signal })
    const { steps } = asked
    if (!asked.ok) throw withSteps(asked.error, { steps, usage: asked.usage })
    const usage = asked.usage ?? asked.answer.usage
    try {
      return { opinions: readOpinions(asked.answer.text, cases, skill), usage, model: asked.answer.model, steps }
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      throw withSteps(error, { steps: [...steps, toAnswerStep(error)], usage })
    }
  }
}

/** @throws ModelError where the answer leaves a case out. */
export function opinionOf(opinions: ReadonlyMap<string, Opinion>, { issueId }: DecisionCase): Opinion {
  const opinion = opinions.get(issueId)
  if (opinion !== undefined) return opinion
  const error = new ModelError('malformed', 'The answer has nothing usable about this case.')
  throw withSteps(error, { steps: [toAnswerStep(error)], usage: null })
}

type Attempts = Readonly<{ steps: readonly TraceStep[]; usage: TokenUsage | null }>

function withSteps(error: ModelError, attempts: Attempts): ModelError {
  const { failure, message, retryAfterMs, requestId } = error
  return new ModelError(failure, message, { ...attempts, retryAfterMs, requestId, cause: error })
}

const toAnswerStep = ({ failure }: ModelError): TraceStep => ({
  name: 'answer',
  attempt: 1,
  ok: false,
  error: failure,
  durationMs: 0,
  output: null,
})

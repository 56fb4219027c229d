import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { TokenUsage } from '../../domain/decision.ts'
import type { Skill } from '../skill.ts'
import { type Opinion, readOpinions } from './answer.ts'
import { type Model, ModelError } from './model.ts'
import { toModelRequest } from './prompt.ts'

export type Answered = Readonly<{ opinions: ReadonlyMap<string, Opinion>; usage: TokenUsage; model: string }>
export type AskCases = (cases: readonly DecisionCase[], skill: Skill, lens?: string | null) => Promise<Answered>

/** Asks a model about cases of one type, in one call. What is wrong with the answer still says what it cost. */
export function createAskCases(model: Model): AskCases {
  return async (cases, skill, lens = null) => {
    const { text, usage, model: answered } = await model.ask(toModelRequest(cases, skill, lens))
    try {
      return { opinions: readOpinions(text, cases, skill), usage, model: answered }
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      throw new ModelError(error.failure, error.message, { usage, cause: error })
    }
  }
}

/** @throws ModelError where the answer leaves a case out. */
export function opinionOf(opinions: ReadonlyMap<string, Opinion>, { issueId }: DecisionCase): Opinion {
  const opinion = opinions.get(issueId)
  if (opinion === undefined) throw new ModelError('malformed', 'The answer has nothing usable about this case.')
  return opinion
}

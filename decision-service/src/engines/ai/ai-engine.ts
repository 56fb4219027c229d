import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { TraceStep, Verdict } from '../../domain/decision.ts'
import type { Skill } from '../../policies/files/skill.ts'
import { readFacts } from '../../policies/table/facts.ts'
import type { DecisionEngine } from '../engine.ts'
import { guardVerdict } from '../guard.ts'
import { type Model, ModelError } from '../model/model.ts'
import { toContext } from '../rules/rules-engine.ts'
import { createAskCases } from './ask-cases.ts'
import type { AskOptions } from './ask-model.ts'
import { type Asked, type BatchingOptions, createBatching } from './batching.ts'
import { createWhenModelFails, type OnFailure } from './when-model-fails.ts'

/** `budgetMs` is for all attempts at one decision together. */
type Options = AskOptions &
  Readonly<{
    model: Model
    onFailure: OnFailure
    /** How many cases of one customer may share a question; each has one of its own where not given. */
    batching?: Pick<BatchingOptions, 'casesMax' | 'waitMs'>
    logger: Logger
  }>

const ALONE = { casesMax: 1, waitMs: 0 }

/** A model decides by the text of a policy, within what the policy allows; the rules stand behind it. */
export function createAiEngine({ model, onFailure, batching = ALONE, logger, ...limits }: Options): DecisionEngine {
  const askOpinion = createBatching({ ask: createAskCases(model, limits), ...batching })
  const whenModelFails = createWhenModelFails({ onFailure, logger })

  return {
    async decide(decisionCase, skill, signal) {
      const context = toContextStep(decisionCase, skill)
      try {
        const asked = await askOpinion(decisionCase, skill, signal)
        return guardVerdict(toVerdict(asked, skill, context), { decisionCase, skill, sawText: asked.sawText })
      } catch (error) {
        if (!(error instanceof ModelError)) throw error
        return whenModelFails({ error, decisionCase, skill })
      }
    },
  }
}

function toVerdict({ opinion, model, usage, steps }: Asked, skill: Skill, context: TraceStep): Verdict {
  const { name, version, digest } = skill
  return {
    ...opinion,
    policy: { skill: name, version, digest },
    engine: 'AI',
    fallback: false,
    model,
    usage,
    trace: [context, ...steps],
  }
}

/** The model's input as a trace step, without the customer's text. */
function toContextStep(decisionCase: DecisionCase, { table, maxAmount }: Skill): TraceStep {
  const startedAt = performance.now()
  const facts = readFacts(decisionCase, { currencies: table.currencies, maxAmount })
  const durationMs = performance.now() - startedAt
  return { name: 'context', attempt: 1, ok: true, error: null, durationMs, output: toContext(decisionCase, facts) }
}

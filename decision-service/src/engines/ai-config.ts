import { ConfigError } from '@redress/shared/process/config-error.ts'
import { type } from 'arktype'
import { MODEL_THRESHOLDS } from '../domain/routing.ts'

/** The settings of models. A service that decides with models adds them to its own with `merge`. */
export const AiEnvironment = type({
  /** The engine that decides. `DECISION_ENGINE_MODE` is the older name; `ENGINE` wins. */
  'ENGINE?': "'rules' | 'ai' | 'ensemble'",
  DECISION_ENGINE_MODE: "'rules' | 'ai' | 'ensemble' = 'rules'",
  'ANTHROPIC_API_KEY?': 'string > 0',
  'ANTHROPIC_BASE_URL?': 'string.url',
  AI_MODEL: "string > 0 = 'claude-sonnet-5-5'",
  AI_EFFORT: "'low' | 'medium' | 'high' = 'low'",
  // For all attempts at one decision together.
  AI_BUDGET_MS: "string.integer.parse |> 100 <= number <= 600000 = '15000'",
  // The next three hold for all workers together.
  AI_CONCURRENCY: "string.integer.parse |> 1 <= number <= 1000 = '5'",
  AI_PER_MINUTE: "string.integer.parse |> 1 <= number <= 100000 = '30'",
  AI_DAILY_BUDGET_USD: "string.numeric.parse |> 0.01 <= number <= 1000000 = '50'",
  AI_ON_FAILURE: "'fallback' | 'hold' | 'fail' = 'fallback'",
  AI_HOLD_MAX_MS: "string.integer.parse |> 0 <= number <= 86400000 = '600000'",
  AI_BREAKER_FAILURES: "string.integer.parse |> 1 <= number <= 1000 = '5'",
  AI_BREAKER_OPEN_MS: "string.integer.parse |> 100 <= number <= 600000 = '30000'",
  AI_AUTO_RESOLVE_THRESHOLD: `string.integer.parse |> 0 <= number <= 100 = '${MODEL_THRESHOLDS.autoResolve}'`,
  AI_HUMAN_REVIEW_THRESHOLD: `string.integer.parse |> 0 <= number <= 100 = '${MODEL_THRESHOLDS.humanReview}'`,
  // USD per million tokens: input, output, cache write, cache read. Configuration, not facts: set what your contract
  // says.
  AI_PRICES: type(/^\d+(\.\d+)?(,\d+(\.\d+)?){3}$/)
    .describe('four prices such as "3,15,3.75,0.3"')
    .default('3,15,3.75,0.3'),
})

type EngineMode = 'rules' | 'ai' | 'ensemble'
export type AiConfig = ReturnType<typeof toAiConfig>

/** @throws ConfigError where a model is to decide and there is no key for it. */
export function toAiConfig(env: typeof AiEnvironment.infer) {
  const mode: EngineMode = env.ENGINE ?? env.DECISION_ENGINE_MODE
  if (mode !== 'rules' && env.ANTHROPIC_API_KEY === undefined) {
    throw new ConfigError([`ANTHROPIC_API_KEY must be set where the engine is ${mode}`])
  }
  return {
    mode,
    apiKey: env.ANTHROPIC_API_KEY ?? null,
    baseUrl: env.ANTHROPIC_BASE_URL ?? null,
    model: env.AI_MODEL,
    effort: env.AI_EFFORT,
    prices: toPrices(env.AI_PRICES),
    budgetMs: env.AI_BUDGET_MS,
    concurrency: env.AI_CONCURRENCY,
    perMinute: env.AI_PER_MINUTE,
    dailyBudgetUsd: env.AI_DAILY_BUDGET_USD,
    onFailure: env.AI_ON_FAILURE,
    holdMaxMs: env.AI_HOLD_MAX_MS,
    breaker: { failuresMax: env.AI_BREAKER_FAILURES, openMs: env.AI_BREAKER_OPEN_MS },
    thresholds: { autoResolve: env.AI_AUTO_RESOLVE_THRESHOLD, humanReview: env.AI_HUMAN_REVIEW_THRESHOLD },
  }
}

function toPrices(text: string) {
  const [input = 0, output = 0, cacheWrite = 0, cacheRead = 0] = text.split(',').map(Number)
  return { input, output, cacheWrite, cacheRead }
}

import type { Logger } from '@redress/shared/process/logger.ts'
import { type BreakerState, createBreaker } from '@redress/shared/resilience/breaker.ts'
import type { ProviderLimits } from '../../jobs/limits/ports.ts'
import { createClaudeModel, type Effort, type ModelPrices } from './claude.ts'
import { type AiSpend, createGuardedModel, isFaultOfProvider, type ModelCall } from './guarded-model.ts'
import type { Model } from './model.ts'

export type ModelOptions = Readonly<{
  apiKey: string
  baseUrl: string | null
  model: string
  effort: Effort
  prices: ModelPrices
  budgetMs: number
  breaker: Readonly<{ failuresMax: number; openMs: number }>
}>

type Dependencies = Readonly<{
  limits: Pick<ProviderLimits, 'acquire'>
  spend: AiSpend
  logger: Logger
  onCall?: (call: ModelCall) => void
  onBreaker?: (state: BreakerState) => void
}>

/** Claude, with everything that stands before it. The breaker is this process's own; limits and budget are shared. */
export function openModel(options: ModelOptions, dependencies: Dependencies): Model & Readonly<{ close: () => void }> {
  const { breaker: limit } = options
  const { limits, spend, logger, onCall, onBreaker } = dependencies
  const breaker = createBreaker({
    ...limit,
    isFailure: isFaultOfProvider,
    onChange: (state) => {
      logger.warn({ state }, 'breaker of the model')
      onBreaker?.(state)
    },
  })
  const guarded = createGuardedModel({
    model: createClaudeModel(options),
    spend,
    breaker,
    breakerOpenMs: limit.openMs,
    limits: { acquire: () => limits.acquire('anthropic') },
    ...(onCall && { onCall }),
  })
  return { ...guarded, close: () => breaker.close() }
}

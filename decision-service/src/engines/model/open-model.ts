import type { Logger } from '@redress/shared/process/logger.ts'
import { type BreakerState, createBreaker } from '@redress/shared/resilience/breaker.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { createClaudeModel, type Effort, type ModelPrices } from './claude.ts'
import { type AiSpend, createGuardedModel, isFaultOfProvider, type ModelCall } from './guarded-model.ts'
import type { Model } from './model.ts'
import { createRedisModelLimits } from './redis-model-limits.ts'

export type ModelOptions = Readonly<{
  apiKey: string
  baseUrl: string | null
  model: string
  effort: Effort
  prices: ModelPrices
  budgetMs: number
  concurrency: number
  perMinute: number
  breaker: Readonly<{ failuresMax: number; openMs: number }>
}>

type Dependencies = Readonly<{
  redis: Redis
  spend: AiSpend
  logger: Logger
  onCall?: (call: ModelCall) => void
  onBreaker?: (state: BreakerState) => void
}>

/** Claude, with everything that stands before it. The breaker is this process's own; limits and budget are shared. */
export function openModel(options: ModelOptions, dependencies: Dependencies): Model & Readonly<{ close: () => void }> {
  const { breaker: limit, concurrency, perMinute } = options
  const { redis, spend, logger, onCall, onBreaker } = dependencies
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
    limits: createRedisModelLimits({ redis, concurrency, perMinute, logger }),
    ...(onCall && { onCall }),
  })
  return { ...guarded, close: () => breaker.close() }
}

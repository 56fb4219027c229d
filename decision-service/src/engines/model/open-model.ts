import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { type BreakerState, createBreaker } from '@redress/shared/resilience/breaker.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Db, MongoClient } from 'mongodb'
import { createClaudeModel, type Effort, type ModelPrices } from './claude.ts'
import { createGuardedModel, isFaultOfProvider, type ModelCall } from './guarded-model.ts'
import type { Model } from './model.ts'
import { createMongoAiSpend } from './mongo-ai-spend.ts'
import { createRedisModelLimits } from './redis-model-limits.ts'

/** What a lease outlives the longest call by. */
const LEASE_MARGIN_MS = 5_000

export type ModelOptions = Readonly<{
  apiKey: string
  baseUrl: string | null
  model: string
  effort: Effort
  prices: ModelPrices
  budgetMs: number
  concurrency: number
  perMinute: number
  dailyBudgetUsd: number
  breaker: Readonly<{ failuresMax: number; openMs: number }>
}>

type Dependencies = Readonly<{
  redis: Redis
  mongo: MongoClient
  db: Db
  outbox: Outbox
  now: Clock
  logger: Logger
  onCall?: (call: ModelCall) => void
  onBreaker?: (state: BreakerState) => void
}>

/** Claude, with everything that stands before it. The breaker is this process's own; limits and budget are shared. */
export function openModel(
  options: ModelOptions,
  dependencies: Dependencies,
): Model & Readonly<{ close: () => Promise<void> }> {
  const { breaker: limit, budgetMs, concurrency, perMinute, dailyBudgetUsd } = options
  const { redis, mongo, db, outbox, now, logger, onCall, onBreaker } = dependencies
  const breaker = createBreaker({
    ...limit,
    isFailure: isFaultOfProvider,
    onChange: (state) => {
      logger.warn({ state }, 'breaker of the model')
      onBreaker?.(state)
    },
  })
  const spend = createMongoAiSpend({ mongo, db, outbox, dailyBudgetUsd, now, logger })
  const guarded = createGuardedModel({
    model: createClaudeModel(options),
    spend,
    breaker,
    breakerOpenMs: limit.openMs,
    limits: createRedisModelLimits({ redis, concurrency, perMinute, leaseMs: budgetMs + LEASE_MARGIN_MS, logger }),
    ...(onCall && { onCall }),
  })
  return {
    ...guarded,
    async close() {
      breaker.close()
      await spend.settle()
    },
  }
}

import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Metrics } from '@redress/shared/telemetry/metrics.ts'
import type { Db, MongoClient } from 'mongodb'
import type { Engine } from '../domain/decision.ts'
import type { RoutingThresholds } from '../domain/routing.ts'
import type { Arbiter } from '../policies/files/arbiter.ts'
import type { PolicyRegistry } from '../policies/in-force/policy-registry.ts'
import { createAiEngine } from './ai/ai-engine.ts'
import type { BatchingOptions } from './ai/batching.ts'
import type { AiConfig } from './ai-config.ts'
import type { DecisionEngine } from './engine.ts'
import { createEnsembleEngine } from './ensemble/ensemble-engine.ts'
import { createModelMetrics } from './model/model-metrics.ts'
import { rulesEngine } from './rules/rules-engine.ts'

type Dependencies = Readonly<{
  config: Readonly<{
    ai: AiConfig
    batching: Pick<BatchingOptions, 'casesMax' | 'waitMs'>
    thresholds: RoutingThresholds
  }>
  policies: PolicyRegistry
  mongo: MongoClient
  db: Db
  redis: Redis
  outbox: Outbox
  metrics: Metrics
  logger: Logger
  resources: AsyncDisposableStack
}>

export type Engines = Readonly<{
  /** Those that can be asked. Models only where there is a key for them. */
  all: Readonly<Partial<Record<Engine, DecisionEngine>>>
  inForce: Engine
  thresholdsOf: (engine: Engine) => RoutingThresholds
}>

const ENGINES = { rules: 'RULES', ai: 'AI', ensemble: 'ENSEMBLE' } as const

/** Whoever can decide a case, and who does where nobody in particular is asked for. */
export async function openEngines(dependencies: Dependencies): Promise<Engines> {
  const { config, policies } = dependencies
  const { ai, thresholds } = config
  const inForce = ENGINES[ai.mode]
  if (inForce === 'ENSEMBLE') getArbiter(policies)
  return {
    all: { RULES: rulesEngine, ...(ai.apiKey !== null && (await openModelEngines(ai.apiKey, dependencies))) },
    inForce,
    thresholdsOf: (engine) => (engine === 'RULES' ? thresholds : ai.thresholds),
  }
}

async function openModelEngines(apiKey: string, dependencies: Dependencies) {
  // Loaded only here: the provider's SDK is some megabytes, which most installations have no key for.
  const { openModel } = await import('./model/open-model.ts')
  const { config, policies, metrics, resources, ...stores } = dependencies
  const { ai, batching } = config
  const { onCall, onBreaker } = createModelMetrics(metrics)
  const now = () => new Date()
  const model = openModel({ ...ai, apiKey }, { ...stores, now, onCall, onBreaker })
  resources.defer(() => model.close())

  const { budgetMs, onFailure } = ai
  const shared = { model, budgetMs, onFailure, logger: stores.logger }
  return {
    AI: createAiEngine({ ...shared, batching }),
    ENSEMBLE: createEnsembleEngine({ ...shared, arbiter: () => getArbiter(policies) }),
  }
}

/** @throws Error where the skills have none. */
function getArbiter(policies: PolicyRegistry): Arbiter {
  const arbiter = policies.arbiter()
  if (arbiter === null) throw new Error('The folder of skills has no arbiter, and an ensemble needs one.')
  return arbiter
}

import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import type { Engine } from '../domain/decision.ts'
import type { RoutingThresholds } from '../domain/routing.ts'
import type { ProviderLimits } from '../jobs/limits/ports.ts'
import type { Arbiter } from '../policies/files/arbiter.ts'
import { createAiEngine } from './ai/ai-engine.ts'
import type { BatchingOptions } from './ai/batching.ts'
import type { AiConfig } from './ai-config.ts'
import type { DecisionEngine } from './engine.ts'
import { createEnsembleEngine } from './ensemble/ensemble-engine.ts'
import { createAiSpend } from './model/ai-spend.ts'
import type { AiSpend } from './model/guarded-model.ts'
import { createModelMetrics } from './model/model-metrics.ts'
import { createMongoSpendStore, type SpendCollections } from './model/mongo-ai-spend.ts'
import { rulesEngine } from './rules/rules-engine.ts'

type Stores = Pick<Service, 'mongo' | 'metrics' | 'logger' | 'resources'> &
  Readonly<{ collections: SpendCollections; outbox: Outbox; limits: Pick<ProviderLimits, 'acquire'> }>

type Options = Readonly<{
  config: Readonly<{
    ai: AiConfig
    batching: Pick<BatchingOptions, 'casesMax' | 'waitMs'>
    thresholds: RoutingThresholds
  }>
  policies: Readonly<{ arbiter(): Arbiter | null }>
  /** For callers who wait: the longest that one decision may take, where the configuration allows longer. */
  budgetMaxMs?: number
}>

export type Engines = Readonly<{
  /** The engines that can be asked. Models only where there is a key for them. */
  all: Readonly<Partial<Record<Engine, DecisionEngine>>>
  /** The engine that decides issues, and its name. */
  inForce: DecisionEngine
  nameInForce: Engine
  thresholdsOf: (engine: Engine) => RoutingThresholds
  /** The daily budget for models; null where there is no key. */
  spend: AiSpend | null
}>

const ENGINES = { rules: 'RULES', ai: 'AI', ensemble: 'ENSEMBLE' } as const

/** @throws Error where the engine needs an arbiter and the folder of skills has none. */
export async function openEngines(stores: Stores, options: Options): Promise<Engines> {
  const { config, policies } = options
  const { ai, thresholds } = config
  const nameInForce = ENGINES[ai.mode]
  if (nameInForce === 'ENSEMBLE') getArbiter(policies)
  const { spend, ...models } = ai.apiKey === null ? NO_MODELS : await openModelEngines(ai.apiKey, stores, options)
  const all: Engines['all'] = { RULES: rulesEngine, ...models }
  const inForce = all[nameInForce]
  if (inForce === undefined) throw new Error(`The engine ${nameInForce} needs a key.`) // The configuration demands it.
  return {
    all,
    inForce,
    nameInForce,
    thresholdsOf: (engine) => (engine === 'RULES' ? thresholds : ai.thresholds),
    spend,
  }
}

const NO_MODELS = { spend: null }

async function openModelEngines(apiKey: string, stores: Stores, { config, policies, budgetMaxMs }: Options) {
  // Loaded only here: the provider's SDK is some megabytes, which most installations have no key for.
  const { openModel } = await import('./model/open-model.ts')
  const { limits, metrics, logger, resources } = stores
  const { ai, batching } = config
  const budgetMs = Math.min(ai.budgetMs, budgetMaxMs ?? ai.budgetMs)
  const { onCall, onBreaker } = createModelMetrics(metrics)
  const now = () => new Date()
  const spend = createAiSpend({ store: createMongoSpendStore(stores), dailyBudgetUsd: ai.dailyBudgetUsd, now, logger })
  resources.defer(() => spend.settle())
  const model = openModel({ ...ai, apiKey, budgetMs }, { limits, spend, logger, onCall, onBreaker })
  resources.defer(() => model.close())

  const shared = { model, budgetMs, onFailure: ai.onFailure, logger }
  return {
    AI: createAiEngine({ ...shared, batching }),
    ENSEMBLE: createEnsembleEngine({ ...shared, arbiter: () => getArbiter(policies) }),
    spend,
  }
}

function getArbiter(policies: Options['policies']): Arbiter {
  const arbiter = policies.arbiter()
  if (arbiter === null) throw new Error('The folder of skills has no arbiter, and an ensemble needs one.')
  return arbiter
}

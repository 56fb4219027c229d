import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import { repeatUntilClosed } from '@redress/shared/service/repeat-until-closed.ts'
import { isDuplicateKey } from '@redress/shared/stores/mongo.ts'
import type { Collection } from 'mongodb'
import { createCallMetrics, exposeLimits } from './limit-metrics.ts'
import { createLimitResolvers } from './limit-resolvers.ts'
import { createSampleLimits, type LimitSample } from './limit-samples.ts'
import { createLimitViews } from './limit-views.ts'
import { createMongoSwitches, createReadStopped, type SwitchCollections } from './mongo-switches.ts'
import type { ProviderLimits } from './ports.ts'
import { createProviderActs } from './provider-acts.ts'
import { beginCounting, createProviderLimits } from './provider-limits.ts'
import type { Provider, ProviderFigures } from './providers.ts'
import { createRedisCounts } from './redis-counts.ts'
import { startStopWatch } from './stop-watch.ts'

/** Whether the limits were ever used: a Redis without their counts has lost them, where they were. */
export type LimitsUseDocument = { _id: 'first'; at: Date }
export type LimitCollections = SwitchCollections &
  Readonly<{ limitsUse: Collection<LimitsUseDocument>; limitSamples: Collection<LimitSample> }>

const SAMPLE_EVERY_MS = 30_000

type Stores = Pick<Service, 'mongo' | 'redis' | 'metrics' | 'logger' | 'resources'> &
  Readonly<{ collections: LimitCollections; outbox: Outbox }>
export type LimitsConfig = Readonly<{ figures: Readonly<Record<Provider, ProviderFigures>> }>

/** The limits of calls to providers, shared by all processes. */
export async function openLimits(stores: Stores, { figures }: LimitsConfig): Promise<ProviderLimits> {
  const { redis, collections, metrics, logger, resources } = stores
  const watch = await startStopWatch({ readStopped: createReadStopped(collections), logger })
  resources.defer(() => watch.stop())
  if (await isFirstUse(collections.limitsUse)) beginWhenReady(stores)
  return createProviderLimits({
    redis,
    figures,
    stateOf: watch.stateOf,
    ...createCallMetrics(metrics),
    onBreaker: (change) => logger.warn(change, 'breaker of a provider'),
    logger,
  })
}

/** Whether this process is the first one ever. */
async function isFirstUse(uses: LimitCollections['limitsUse']): Promise<boolean> {
  try {
    await uses.insertOne({ _id: 'first', at: new Date() })
    return true
  } catch (error) {
    if (isDuplicateKey(error)) return false
    throw error
  }
}

/** Redis may start later than this process. Where it never gets here, the first buckets begin empty. */
function beginWhenReady({ redis, logger }: Stores): void {
  const begin = () =>
    beginCounting(redis).catch((err: unknown) => logger.warn({ err }, 'first use of limits not noted'))
  if (redis.isReady) void begin()
  else redis.once('ready', begin)
}

/** The queries and mutations of operators. The leader (`mayReport`) also samples the limits. */
export function openLimitActs(stores: Stores, { figures }: LimitsConfig, mayReport: () => boolean) {
  const { redis, collections, outbox, metrics, logger } = stores
  const switches = createMongoSwitches(stores)
  const counts = createRedisCounts({ redis, figures })
  const views = createLimitViews({ figures, switches, counts })
  exposeLimits({ metrics, views, mayReport })
  const sample = createSampleLimits(views, collections.limitSamples)
  repeatUntilClosed(stores, {
    run: () => sample(new Date()),
    everyMs: SAMPLE_EVERY_MS,
    mayRun: mayReport,
    onFailure: 'limits of providers not sampled',
  })
  const acts = createProviderActs({
    switches,
    counts,
    now: () => new Date(),
    onCommit: outbox.wake,
    onLate: (err) => logger.warn({ err }, 'stop or resumption not announced'),
  })
  return { resolvers: createLimitResolvers({ views, acts }) }
}

import type { Service } from '@redress/shared/service/open-service.ts'
import { isDuplicateKey } from '@redress/shared/stores/mongo.ts'
import type { Collection } from 'mongodb'
import { createProviderLimits, type ProviderLimits } from './provider-limits.ts'
import type { Provider, ProviderFigures } from './providers.ts'

/** Whether the limits were ever used: a Redis without their counts has lost them, where they were. */
export type LimitsUseDocument = { _id: 'first'; at: Date }
type LimitCollections = Readonly<{ limitsUse: Collection<LimitsUseDocument> }>

type Stores = Pick<Service, 'redis' | 'logger'> & Readonly<{ collections: LimitCollections }>
type LimitsConfig = Readonly<{ figures: Readonly<Record<Provider, ProviderFigures>> }>

/** The limits of providers, shared by all processes. */
export async function openLimits(
  { redis, collections, logger }: Stores,
  config: LimitsConfig,
): Promise<ProviderLimits> {
  const isNew = await noteFirstUse(collections.limitsUse)
  return createProviderLimits({
    ...config,
    redis,
    isNew,
    onBreaker: (change) => logger.warn(change, 'breaker of a provider'),
    logger,
  })
}

async function noteFirstUse(uses: LimitCollections['limitsUse']): Promise<boolean> {
  try {
    await uses.insertOne({ _id: 'first', at: new Date() })
    return true
  } catch (error) {
    if (isDuplicateKey(error)) return false
    throw error
  }
}

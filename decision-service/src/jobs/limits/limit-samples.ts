import { type CollectionDefinition, defineCollection } from '@redress/shared/stores/collections.ts'
import { DAY_SECONDS } from '@redress/shared/time.ts'
import type { Collection } from 'mongodb'
import type { LimitViews } from './limit-views.ts'
import type { ProviderUsage } from './ports.ts'
import type { Provider, ProviderTarget } from './providers.ts'

/** The limits of all providers at one moment, for people who look for a fault. Nothing of Redress reads it. */
export type LimitSample = {
  at: Date
  providers: readonly (Pick<ProviderUsage, 'tokens' | 'concurrent' | 'waitMs' | 'breakerOpen'> &
    Readonly<{ provider: Provider; stopped: readonly ProviderTarget[] }>)[]
}

export const LIMIT_SAMPLES: CollectionDefinition<LimitSample> = defineCollection<LimitSample>({
  name: 'rate_limit_metrics',
  retention: { field: 'at', seconds: 7 * DAY_SECONDS, index: 'expiry' },
})

/** Stores a sample. Without the counts of Redis there is nothing to sample. */
export function createSampleLimits(views: Pick<LimitViews, 'all'>, collection: Collection<LimitSample>) {
  return async (at: Date): Promise<void> => {
    const providers = (await views.all()).flatMap(({ provider, usage, stops }) => {
      if (usage === null) return []
      const { tokens, concurrent, waitMs, breakerOpen } = usage
      return [{ provider, tokens, concurrent, waitMs, breakerOpen, stopped: stops.map(({ target }) => target) }]
    })
    if (providers.length > 0) await collection.insertOne({ at, providers })
  }
}

import { StoreUnavailableError } from '@redress/shared/errors.ts'
import type { ProviderCounts, ProviderSwitches, ProviderUsage } from './ports.ts'
import type { ProviderSwitch } from './provider-switch.ts'
import { PROVIDER_NAMES, PROVIDERS, type Provider, type ProviderFigures, targetsOf } from './providers.ts'

export type LimitView = Readonly<{
  provider: Provider
  operations: readonly string[]
  figures: ProviderFigures
  /** Null while Redis is away. */
  usage: ProviderUsage | null
  /** Of the provider and its operations. */
  stops: readonly ProviderSwitch[]
}>
export type LimitViews = Readonly<{
  all: () => Promise<readonly LimitView[]>
  of: (provider: Provider) => Promise<LimitView>
}>

type Dependencies = Readonly<{
  figures: Readonly<Record<Provider, ProviderFigures>>
  switches: Pick<ProviderSwitches, 'stopped'>
  counts: Pick<ProviderCounts, 'read'>
}>

/** The limits of providers as callers read them. */
export function createLimitViews({ figures, switches, counts }: Dependencies): LimitViews {
  const view = async (provider: Provider, stopped: readonly ProviderSwitch[]): Promise<LimitView> => {
    const targets = targetsOf(provider)
    return {
      provider,
      operations: PROVIDERS[provider].operations,
      figures: figures[provider],
      usage: await counts.read(provider).catch(nullIfAway),
      stops: stopped.filter(({ target }) => targets.includes(target)),
    }
  }
  return {
    async all() {
      const stopped = await switches.stopped()
      return Promise.all(PROVIDER_NAMES.map((provider) => view(provider, stopped)))
    },
    of: async (provider) => view(provider, await switches.stopped()),
  }
}

function nullIfAway(error: unknown): null {
  if (error instanceof StoreUnavailableError) return null
  throw error
}

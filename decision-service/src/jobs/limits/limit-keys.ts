import type { Provider, ProviderTarget } from './providers.ts'

const PREFIX = 'provider-limits'

/** The keys of a provider in Redis. `mark` is one for all: it is lost with them. */
export function keysOf(provider: Provider, prefix: string = PREFIX) {
  return { leases: `${prefix}:${provider}:leases`, state: `${prefix}:${provider}:state`, mark: `${prefix}:mark` }
}

/** The key that stops calls while it is there. */
export function stopKeyOf(target: ProviderTarget, prefix: string = PREFIX): string {
  return `${prefix}:stopped:${target}`
}

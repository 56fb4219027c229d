import type { Redis } from '@redress/shared/stores/redis.ts'
import { LEASE_MS } from '../redis/leases.ts'
import { createRedisScript } from '../redis/redis-script.ts'
import { keysOf, stopKeyOf } from './limit-keys.ts'
import { ANNOUNCE, RESET, STATUS } from './limit-scripts.ts'
import type { ProviderCounts, ProviderUsage } from './ports.ts'
import type { Provider, ProviderFigures } from './providers.ts'

/** Longer than a process goes by stops that it read earlier. */
const ANNOUNCED_MS = 30_000

type Options = Readonly<{
  redis: Redis
  figures: Readonly<Record<Provider, ProviderFigures>>
  /** As `createProviderLimits` has it. */
  prefix?: string
}>

/** The counts of each provider in Redis. */
export function createRedisCounts({ redis, figures, prefix }: Options): ProviderCounts {
  const readStatus = createRedisScript(redis, STATUS)
  const reset = createRedisScript(redis, RESET)
  const announce = createRedisScript(redis, ANNOUNCE)

  return {
    async read(provider) {
      const { leases, state, mark } = keysOf(provider, prefix)
      const { perSecond, burst, concurrent } = figures[provider]
      return toUsage(await readStatus({ keys: [leases, state, mark], args: [perSecond, burst, LEASE_MS, concurrent] }))
    },
    async reset(provider) {
      const { leases, state } = keysOf(provider, prefix)
      await reset({ keys: [leases, state], args: [figures[provider].burst] })
    },
    async announce(targets, change) {
      const keys = targets.map((target) => stopKeyOf(target, prefix))
      if (keys.length > 0) await announce({ keys, args: [change === 'stop' ? ANNOUNCED_MS : 0] })
    },
  }
}

function toUsage(reply: unknown): ProviderUsage {
  const [concurrent, tokens, lastMs, waitMs, breakerOpen] = reply as [number, string, string, number, number]
  return {
    concurrent,
    tokens: Number(tokens),
    lastCallAt: lastMs === '' ? null : new Date(Number(lastMs)),
    waitMs,
    breakerOpen: breakerOpen === 1,
  }
}

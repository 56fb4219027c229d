import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { LimitView, LimitViews } from './limit-views.ts'
import type { ProviderActs } from './provider-acts.ts'
import type { ProviderSwitch } from './provider-switch.ts'
import type { Provider } from './providers.ts'

type Context = RequestContext<unknown>
type Reasoned = Readonly<{ reason: string }>
type Stop = Reasoned & Readonly<{ providers?: readonly string[] | null; confirm: string }>
type Resume = Omit<Stop, 'confirm'>
type Reset = Reasoned & Readonly<{ provider: string }>
type Dependencies = Readonly<{ views: LimitViews; acts: ProviderActs }>

export function createLimitResolvers({ views, acts }: Dependencies) {
  return {
    Query: { providerLimits: () => views.all() },
    Mutation: {
      async emergencyStop(_: unknown, { providers = null, confirm, reason }: Stop, context: Context) {
        await acts.stop({ names: providers, confirm, reason, cause: causeOf(context) })
        return { limits: await views.all() }
      },
      async resumeProviders(_: unknown, { providers = null, reason }: Resume, context: Context) {
        await acts.resume({ names: providers, reason, cause: causeOf(context) })
        return { limits: await views.all() }
      },
      async resetProviderLimit(_: unknown, { provider: name, reason }: Reset, context: Context) {
        await acts.reset({ name, reason, cause: causeOf(context) })
        return { limit: await views.of(name as Provider) }
      },
    },
    ProviderLimit: {
      config: ({ figures }: LimitView) => ({
        maxPerSecond: figures.perSecond,
        maxConcurrent: figures.concurrent,
        burstSize: figures.burst,
        cooldownMs: figures.cooldownMs,
      }),
      tokensAvailable: ({ usage }: LimitView) => usage?.tokens,
      concurrent: ({ usage }: LimitView) => usage?.concurrent,
      lastCallAt: ({ usage }: LimitView) => usage?.lastCallAt,
      rateLimited: ({ usage }: LimitView) => usage && usage.waitMs > 0,
      waitTimeMs: ({ usage }: LimitView) => usage?.waitMs,
      waitTimeSeconds: ({ usage }: LimitView) => usage && Math.ceil(usage.waitMs / 1_000),
      breakerOpen: ({ usage }: LimitView) => usage?.breakerOpen,
    },
    ProviderStop: {
      reason: ({ stop }: ProviderSwitch) => stop?.reason,
      actor: ({ stop }: ProviderSwitch) => stop?.actor,
      since: ({ stop }: ProviderSwitch) => stop?.since,
    },
  }
}

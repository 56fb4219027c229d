import type { Metrics } from '@redress/shared/telemetry/metrics.ts'
import { type Counter, createCounters, createGauges } from '@redress/shared/telemetry/tallies.ts'
import type { LimitViews } from './limit-views.ts'
import type { HeldReason } from './ports.ts'
import type { Provider } from './providers.ts'

/** Counts the calls of this process that were allowed, and those that have to wait, by their reason. */
export function createCallMetrics({ registry }: Metrics) {
  const countersOf = createCounters(registry, {
    name: 'provider_calls_total',
    help: 'Calls to providers that were allowed, and times that one had to wait, by reason',
    labels: ['provider', 'result'],
  })
  const counters = new Map<string, Counter>()
  return {
    onAsked(provider: Provider, result: 'allowed' | HeldReason) {
      const key = `${provider} ${result}`
      const counter = counters.get(key) ?? countersOf(provider, result.toLowerCase())
      counters.set(key, counter)
      counter.add()
    },
  }
}

type Options = Readonly<{ metrics: Metrics; views: LimitViews; mayReport: () => boolean }>

/** The limits of providers, read at each scrape by one process alone (`mayReport`), like the metrics of the queues. */
export function exposeLimits({ metrics, views, mayReport }: Options): void {
  const gauges = (name: string, help: string) => createGauges(metrics.registry, { name, help, labels: ['provider'] })
  const tokens = gauges('provider_tokens_available', 'Calls to a provider that may begin at once')
  const concurrent = gauges('provider_calls_active', 'Calls to a provider under way')
  const breakers = gauges('provider_breaker_open', 'Whether a provider is spared because it failed: 0 or 1')
  const stops = gauges(
    'provider_stopped',
    'Whether calls to a provider, or some of its operations, are stopped: 0 or 1',
  )

  const forget = () => {
    for (const one of [tokens, concurrent, breakers, stops]) one.clear()
  }
  metrics.beforeScrape({
    forget,
    async read() {
      const limits = mayReport() ? await views.all() : []
      forget()
      for (const { provider, usage, stops: stopped } of limits) {
        stops(provider).set(stopped.length > 0 ? 1 : 0)
        if (usage === null) continue
        tokens(provider).set(usage.tokens)
        concurrent(provider).set(usage.concurrent)
        breakers(provider).set(usage.breakerOpen ? 1 : 0)
      }
    },
  })
}

import {
  type Counter,
  createCounters,
  createGauges,
  createHistograms,
  perName,
} from '@redress/shared/telemetry/tallies.ts'
import type { Registry } from 'prom-client'
import { countRequests, type FinishedRequest } from './request-metrics.ts'

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const COSTS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000]

export type BreakerState = 'closed' | 'half open' | 'open'
const BREAKER_STATES: Readonly<Record<BreakerState, number>> = { closed: 0, 'half open': 1, open: 2 }

/** `outcome` is one of a few values of the gateway (ok, failed, refused), never one that a subgraph chose. */
export type SubgraphCall = Readonly<{ subgraph: string; outcome: string; durationMs: number }>

/** An operation as the HTTP server saw it. */
export type FinishedOperation = Readonly<{
  operationName: string | null
  operationType: FinishedRequest['operationType']
  codes: readonly string[]
  isRefused: boolean
}>

export type GatewayMetrics = Readonly<{
  operationFinished: (operation: FinishedOperation, durationMs: number) => void
  requestFinished: (request: FinishedRequest) => void
  subgraphCalled: (call: SubgraphCall) => void
  documentCache: (result: 'hit' | 'miss' | 'evicted') => void
  costObserved: (cost: number, preset: string) => void
  /** An operation was refused before it ran; `reason` is the code that the client got. */
  refused: (reason: string) => void
  subscriptionOpened: (field: string) => void
  subscriptionClosed: (field: string) => void
  eventDelivered: (field: string, count?: number) => void
  slowReader: () => void
  breakerState: (subgraph: string, state: BreakerState) => void
  rateLimiterDegraded: (degraded: boolean) => void
}>

/** The metrics of the gateway. A call takes a fraction of a microsecond, and never throws. */
export function createGatewayMetrics(registry: Registry): GatewayMetrics {
  const requestFinished = countRequests(registry, SECONDS)
  const operations = countOperations(registry)
  return {
    requestFinished,
    operationFinished({ operationName, operationType, codes, isRefused }, durationMs) {
      const [code = null] = codes
      if (isRefused && code !== null) operations.refused(code)
      requestFinished({ operationName, operationType, code, durationMs })
    },
    ...countSubgraphCalls(registry),
    ...operations,
    ...countSubscriptions(registry),
    ...watchRateLimiter(registry),
  }
}

function countSubgraphCalls(registry: Registry): Pick<GatewayMetrics, 'subgraphCalled' | 'breakerState'> {
  const durationOf = perName(
    createHistograms(registry, {
      name: 'subgraph_request_duration_seconds',
      help: 'Time that calls to a subgraph took',
      labels: ['subgraph'],
      buckets: SECONDS,
    }),
  )
  const calls = createCounters(registry, {
    name: 'subgraph_requests_total',
    help: 'Calls to a subgraph by how they ended',
    labels: ['subgraph', 'outcome'],
  })
  const callsOf = perName((subgraph) => perName((outcome) => calls(subgraph, outcome)))
  const breakers = createGauges(registry, {
    name: 'circuit_breaker_state',
    help: 'Whether a subgraph is called: 0 yes, 1 to try, 2 no',
    labels: ['subgraph'],
  })

  return {
    subgraphCalled({ subgraph, outcome, durationMs }) {
      durationOf(subgraph).observe(durationMs / 1_000)
      callsOf(subgraph)(outcome).add()
    },
    breakerState: (subgraph, state) => breakers(subgraph).set(BREAKER_STATES[state]),
  }
}

function countOperations(registry: Registry): Pick<GatewayMetrics, 'documentCache' | 'costObserved' | 'refused'> {
  const documents = createCounters(registry, {
    name: 'document_cache_total',
    help: 'Documents looked up in the cache of parsed ones, or dropped from it',
    labels: ['result'],
  })
  const documentsBy: Readonly<Record<'hit' | 'miss' | 'evicted', Counter>> = {
    hit: documents('hit'),
    miss: documents('miss'),
    evicted: documents('evicted'),
  }
  const costOf = perName(
    createHistograms(registry, {
      name: 'graphql_query_cost',
      help: 'Cost of operations, as limited, whether they were let in or not',
      labels: ['preset'],
      buckets: COSTS,
    }),
  )
  const refusalsBy = perName(
    createCounters(registry, {
      name: 'graphql_refusals_total',
      help: 'Operations turned away before they ran, by code',
      labels: ['reason'],
    }),
  )
  return {
    documentCache: (result) => documentsBy[result].add(),
    costObserved: (cost, preset) => costOf(preset).observe(cost),
    refused: (reason) => refusalsBy(reason).add(),
  }
}

type Subscriptions = Pick<GatewayMetrics, 'subscriptionOpened' | 'subscriptionClosed' | 'eventDelivered' | 'slowReader'>

function countSubscriptions(registry: Registry): Subscriptions {
  const open = createGauges(registry, {
    name: 'subscriptions_open',
    help: 'Subscriptions that run now',
    labels: ['field'],
  })
  const eventsOf = perName(
    createCounters(registry, {
      name: 'subscription_events_total',
      help: 'Events handed to subscribers',
      labels: ['field'],
    }),
  )
  const slowReaders = createCounters(registry, {
    name: 'subscription_slow_readers_total',
    help: 'Subscriptions ended because their client did not keep up',
    labels: [],
  })()
  return {
    subscriptionOpened: (field) => open(field).add(1),
    subscriptionClosed: (field) => open(field).add(-1),
    eventDelivered: (field, count) => eventsOf(field).add(count),
    slowReader: () => slowReaders.add(),
  }
}

function watchRateLimiter(registry: Registry): Pick<GatewayMetrics, 'rateLimiterDegraded'> {
  const degraded = createGauges(registry, {
    name: 'rate_limiter_degraded',
    help: 'Whether requests are counted by each process for itself, its store being away: 1 yes, 0 no',
    labels: [],
  })()
  return { rateLimiterDegraded: (isDegraded) => degraded.set(isDegraded ? 1 : 0) }
}

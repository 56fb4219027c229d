import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createGatewayMetrics } from './gateway-metrics.ts'

function open() {
  const registry = new Registry()
  const metrics = createGatewayMetrics(registry)
  const linesOf = async (name: string) =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith(name) && !line.includes('_bucket'))
  return { metrics, linesOf }
}

const OPEN_ISSUES = { operationName: 'OpenIssues', operationType: 'query', code: null, durationMs: 250 } as const

describe('a request that is over', () => {
  it('is counted by operation and code, and its time is known', async () => {
    const { metrics, linesOf } = open()

    metrics.requestFinished(OPEN_ISSUES)
    metrics.requestFinished({ ...OPEN_ISSUES, durationMs: 500 })
    metrics.requestFinished({ ...OPEN_ISSUES, code: 'FORBIDDEN' })

    expect(await linesOf('graphql_requests_total')).toEqual([
      'graphql_requests_total{operation="OpenIssues",type="query",code="OK"} 2',
      'graphql_requests_total{operation="OpenIssues",type="query",code="FORBIDDEN"} 1',
    ])
    expect(await linesOf('graphql_request_duration_seconds')).toEqual([
      'graphql_request_duration_seconds_sum{operation="OpenIssues",type="query"} 1',
      'graphql_request_duration_seconds_count{operation="OpenIssues",type="query"} 3',
    ])
  })

  it('is anonymous without a name, and unknown where it never became an operation', async () => {
    const { metrics, linesOf } = open()

    metrics.requestFinished({ ...OPEN_ISSUES, operationName: null, operationType: 'mutation' })
    metrics.requestFinished({ operationName: null, operationType: null, code: 'UNAUTHENTICATED', durationMs: 1 })

    expect(await linesOf('graphql_requests_total')).toEqual([
      'graphql_requests_total{operation="anonymous",type="mutation",code="OK"} 1',
      'graphql_requests_total{operation="anonymous",type="unknown",code="UNAUTHENTICATED"} 1',
    ])
  })

  it('is one of the others until an operation of its name has succeeded', async () => {
    const { metrics, linesOf } = open()
    const failed = { ...OPEN_ISSUES, code: 'GRAPHQL_VALIDATION_FAILED' }

    for (const request of [failed, OPEN_ISSUES, failed]) metrics.requestFinished(request)

    expect(await linesOf('graphql_requests_total')).toEqual([
      'graphql_requests_total{operation="other",type="query",code="GRAPHQL_VALIDATION_FAILED"} 1',
      'graphql_requests_total{operation="OpenIssues",type="query",code="OK"} 1',
      'graphql_requests_total{operation="OpenIssues",type="query",code="GRAPHQL_VALIDATION_FAILED"} 1',
    ])
  })

  it('is one of the others once two hundred names are known, however many clients think of', async () => {
    const { metrics, linesOf } = open()

    for (let number = 1; number <= 1_000; number++) {
      metrics.requestFinished({ ...OPEN_ISSUES, operationName: `Operation${number}` })
    }

    const lines = await linesOf('graphql_requests_total')
    expect(lines).toHaveLength(201)
    expect(lines).toContain('graphql_requests_total{operation="Operation200",type="query",code="OK"} 1')
    expect(lines).toContain('graphql_requests_total{operation="other",type="query",code="OK"} 800')
    expect(await linesOf('graphql_request_duration_seconds')).toHaveLength(2 * 201)
  })

  it('is one of the others where its name is as long as a text', async () => {
    const { metrics, linesOf } = open()

    metrics.requestFinished({ ...OPEN_ISSUES, operationName: 'x'.repeat(101) })

    expect(await linesOf('graphql_requests_total')).toEqual([
      'graphql_requests_total{operation="other",type="query",code="OK"} 1',
    ])
  })

  it('has one of thirty codes, or another', async () => {
    const { metrics, linesOf } = open()

    for (let number = 1; number <= 100; number++)
      metrics.requestFinished({ ...OPEN_ISSUES, operationName: null, code: `C${number}` })

    const lines = await linesOf('graphql_requests_total')
    expect(lines).toHaveLength(31)
    expect(lines.at(-1)).toBe('graphql_requests_total{operation="anonymous",type="query",code="other"} 70')
  })
})

describe('the gateway', () => {
  it('counts its calls to subgraphs by how they ended', async () => {
    const { metrics, linesOf } = open()

    metrics.subgraphCalled({ subgraph: 'issues', outcome: 'ok', durationMs: 20 })
    metrics.subgraphCalled({ subgraph: 'issues', outcome: 'timeout', durationMs: 5_000 })

    expect(await linesOf('subgraph_request')).toEqual([
      'subgraph_request_duration_seconds_sum{subgraph="issues"} 5.02',
      'subgraph_request_duration_seconds_count{subgraph="issues"} 2',
      'subgraph_requests_total{subgraph="issues",outcome="ok"} 1',
      'subgraph_requests_total{subgraph="issues",outcome="timeout"} 1',
    ])
  })

  it.for([
    ['closed', 0],
    ['half open', 1],
    ['open', 2],
  ] as const)('shows a breaker that is %s as %i', async ([state, value]) => {
    const { metrics, linesOf } = open()

    metrics.breakerState('audit', 'open')
    metrics.breakerState('audit', state)

    expect(await linesOf('circuit_breaker_state')).toEqual([`circuit_breaker_state{subgraph="audit"} ${value}`])
  })

  it('counts the results of look-ups in the document cache', async () => {
    const { metrics, linesOf } = open()

    for (const result of ['miss', 'hit', 'hit'] as const) metrics.documentCache(result)

    expect(await linesOf('document_cache_total')).toEqual([
      'document_cache_total{result="hit"} 2',
      'document_cache_total{result="miss"} 1',
      'document_cache_total{result="evicted"} 0',
    ])
  })

  it('counts costs of operations, and refusals by reason', async () => {
    const { metrics, linesOf } = open()

    metrics.costObserved(40, 'standard')
    metrics.costObserved(2, 'standard')
    metrics.refused('QUERY_TOO_COMPLEX')

    expect(await linesOf('graphql_query_cost')).toEqual([
      'graphql_query_cost_sum{preset="standard"} 42',
      'graphql_query_cost_count{preset="standard"} 2',
    ])
    expect(await linesOf('graphql_refusals_total')).toEqual(['graphql_refusals_total{reason="QUERY_TOO_COMPLEX"} 1'])
  })

  it('counts open subscriptions, delivered events, and slow readers', async () => {
    const { metrics, linesOf } = open()

    metrics.subscriptionOpened('issueChanged')
    metrics.subscriptionOpened('issueChanged')
    metrics.subscriptionClosed('issueChanged')
    metrics.eventDelivered('issueChanged')
    metrics.eventDelivered('issueChanged', 3)
    metrics.slowReader()

    expect(await linesOf('subscription')).toEqual([
      'subscriptions_open{field="issueChanged"} 1',
      'subscription_events_total{field="issueChanged"} 4',
      'subscription_slow_readers_total 1',
    ])
  })

  it('shows whether its rate limiter is on its own', async () => {
    const { metrics, linesOf } = open()

    expect(await linesOf('rate_limiter_degraded')).toEqual(['rate_limiter_degraded 0'])
    metrics.rateLimiterDegraded(true)
    expect(await linesOf('rate_limiter_degraded')).toEqual(['rate_limiter_degraded 1'])
  })
})

import { expect, it } from 'vitest'
import { ForbiddenError } from '../errors.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { readMetrics } from '../testing/read-metrics.ts'
import { serveSmallSubgraph } from '../testing/small-subgraph.ts'

const refuse = () => {
  throw new ForbiddenError('thing:read')
}

it('a subgraph counts answers and refusals by type and code, with their duration', async () => {
  const metrics = createMetrics({ token: null })
  const schema = 'type Query { ping: String secret: String }  type Mutation { rename: String }'
  const { post } = await serveSmallSubgraph({ schema, resolvers: { Query: { secret: refuse } }, metrics })

  for (const query of ['{ ping }', '{ ping }', '{ secret }', 'mutation { rename }', '{ pong }']) await post(query)
  await post('{ ping }', { authorization: 'Bearer forged' })

  expect(await readMetrics(metrics, 'graphql_requests_total')).toEqual([
    'graphql_requests_total{operation_type="query",code="OK"} 2',
    'graphql_requests_total{operation_type="query",code="FORBIDDEN"} 1',
    'graphql_requests_total{operation_type="mutation",code="OK"} 1',
    'graphql_requests_total{operation_type="unknown",code="GRAPHQL_VALIDATION_FAILED"} 1',
    'graphql_requests_total{operation_type="unknown",code="UNAUTHENTICATED"} 1',
  ])
  expect(await readMetrics(metrics, 'graphql_request_duration_seconds_count')).toEqual([
    'graphql_request_duration_seconds_count{operation_type="query"} 3',
    'graphql_request_duration_seconds_count{operation_type="mutation"} 1',
    'graphql_request_duration_seconds_count{operation_type="unknown"} 2',
  ])
})

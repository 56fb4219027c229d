import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NO_TELEMETRY } from '@redress/shared/telemetry/telemetry.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { expect, it, onTestFinished } from 'vitest'
import { Cancellation } from '../cancellation.ts'
import type { OperationContext } from '../operation-context.ts'
import type { FetchRequest } from './subgraph-source.ts'
import { createSubgraphs } from './subgraphs.ts'

const REQUEST: FetchRequest = {
  service: 'issues',
  query: 'mutation { move }',
  operationName: null,
  bodyHead: '{"query":"mutation { move }","variables":',
  bodyHeadBytes: 41,
  isRead: false,
  losesDigits: () => false,
}
const context = () =>
  ({
    caller: { principal: null, scope: '' },
    requestId: 'req-1',
    clientIp: '127.0.0.1',
    traceparent: null,
    cancellation: new Cancellation(),
    endsAt: performance.now() + 10_000,
  }) as unknown as OperationContext

/** A subgraph that starts: it reports that it is not ready, and refuses calls, until `start` is called. */
async function openSubgraph() {
  let isReady = false
  const server: Server = createServer((request, response) => {
    response.writeHead(isReady ? 200 : 503, { 'content-type': 'application/json' })
    response.end(request.url === '/graphql' && isReady ? '{"data":{"move":1}}' : 'starting')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const start = () => {
    isReady = true
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, start }
}

it('a subgraph that is ready again is called, long before the time of its breaker is over', async () => {
  const { url, start } = await openSubgraph()
  const states: string[] = []
  const subgraphs = createSubgraphs({
    services: { issues: url },
    timeoutMs: 5_000,
    breaker: { failuresMax: 1, openMs: 3_600_000 },
    signToken: null,
    logger: silent,
    telemetry: NO_TELEMETRY,
    onCall: () => {},
    onBreaker: (_, state) => states.push(state),
  })
  onTestFinished(() => subgraphs.close())
  const call = () => subgraphs.sourceOf('issues', url)(REQUEST, '{}', context())
  await expect(call()).rejects.toThrow()
  await expect(call()).rejects.toThrow()

  start()

  await expect
    .poll(() =>
      call().then(
        ({ data }) => data,
        () => null,
      ),
    )
    .toEqual({ move: 1 })
  expect(states).toEqual(['open', 'half open', 'closed'])
})

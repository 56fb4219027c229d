import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Agent, type Dispatcher } from 'undici'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Probe, startGatewayProcess } from './gateway-process.ts'

/** All of them take longer than everybody's tests should: LEAK_REQUESTS=10000. */
const REQUESTS = Number(process.env.LEAK_REQUESTS ?? 400)
const AT_ONCE = 120
/** For code that is compiled meanwhile; what requests leave behind grows with their number. */
const HEAP_MORE_MAX = 10 * 1024 * 1024

const FAULTS: readonly RequestListener[] = [
  (request) => request.socket.destroy(),
  (request) => void request.socket.resetAndDestroy(),
  (_, response) => response.writeHead(500).end('{"data":null}'),
  (_, response) => response.end('<html>'),
  (_, response) => response.end('{"data":{"issue":{"id":7,"status":"ASLEEP"}}}'),
  (_, response) => void response.writeHead(200, { 'content-length': 1_000 }).write('{"data"', () => response.destroy()),
  () => {},
]

const sockets = new Set<Socket>()
let count = 0
let subgraph: Server
let gateway: Awaited<ReturnType<typeof startGatewayProcess>>
const agent = new Agent({ connections: AT_ONCE })
beforeAll(async () => {
  subgraph = createServer((request, response) => {
    request.resume().on('end', () => FAULTS[count++ % FAULTS.length]!(request, response))
  })
  // Connections that still rest are no leak, but would be in the way of seeing one.
  subgraph.keepAliveTimeout = 1_000
  subgraph.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((listening) => subgraph.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(subgraph.address() as AddressInfo).port}`
  gateway = await startGatewayProcess({
    urls: { issues: url },
    environment: { SUBGRAPH_TIMEOUT_MS: '100', BREAKER_FAILURES: '1000000' },
  })
})
afterAll(async () => {
  await gateway?.stop()
  await agent.close()
  subgraph.closeAllConnections()
  subgraph.close()
})

/** A mutation is not shared and not sent again: each is a call, as long as the breaker lets it through. */
async function fail(number: number): Promise<number> {
  const query =
    number % 2 === 0
      ? 'mutation ($id: ID!) { retryIssue(id: $id) { issue { id } } }'
      : 'query ($id: ID!) { issue(id: $id) { id status } }'
  const options: Dispatcher.RequestOptions = {
    origin: gateway.url,
    path: '/graphql',
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.token}` },
    body: JSON.stringify({ query, variables: { id: `${number}` } }),
  }
  const { statusCode, body } = await agent.request(options)
  await body.dump()
  return statusCode
}

async function failMany(many: number): Promise<Set<number>> {
  const statuses = new Set<number>()
  let next = 0
  const client = async () => {
    while (next < many) statuses.add(await fail(next++))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
  return statuses
}

/** Resources that grew. The clients' own idle connections are not counted. */
function leaksBetween(before: Probe, after: Probe): string[] {
  const more = (kind: string) => (after.kinds[kind] ?? 0) - (before.kinds[kind] ?? 0)
  const leaks = ['TCPSocketWrap', 'Timeout', 'Immediate'].filter((kind) => more(kind) > 2 * AT_ONCE)
  return after.heapUsed - before.heapUsed > HEAP_MORE_MAX ? [...leaks, 'heap'] : leaks
}

it('a gateway keeps nothing of requests that failed', async () => {
  await failMany(200)
  const before = await gateway.look()

  const statuses = await failMany(REQUESTS)

  expect([...statuses]).toEqual([200])
  await expect.poll(() => sockets.size).toBeLessThanOrEqual(5)
  const leaks = async () => leaksBetween(before, await gateway.look())
  await expect.poll(leaks, { interval: 200 }).toEqual([])
  expect(gateway.isAlive()).toBe(true)
})

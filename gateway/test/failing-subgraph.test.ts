import type { IncomingMessage, RequestListener } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway } from './gateway.ts'
import { startOddSubgraph } from './subgraphs.ts'

const resources: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of resources.splice(0).reverse()) await stop()
})

/** A gateway whose audit subgraph behaves as told; the two others are well. */
async function startWithAudit(listener: RequestListener, environment: NodeJS.ProcessEnv = {}) {
  const audit = await startOddSubgraph(listener)
  resources.push(audit.stop)
  const gateway = await startTestGateway({ urls: { audit: audit.url }, environment })
  resources.push(gateway.stop)
  return { gateway, audit }
}

const JOIN = '{ issue(id: "iss_1") { id decision { action } auditTrail { totalCount } } }'
const WITHOUT_AUDIT = { issue: { id: 'iss_1', decision: { action: 'APPROVE_REFUND' }, auditTrail: null } }
const UNAVAILABLE = expect.objectContaining({ extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'audit' } })

describe('a subgraph that fails takes away its fields and no others:', () => {
  let behaviour: RequestListener = () => {}
  let shared: Awaited<ReturnType<typeof startTestGateway>>
  let audit: Awaited<ReturnType<typeof startOddSubgraph>>
  beforeAll(async () => {
    audit = await startOddSubgraph((request, response) => behaviour(request, response))
    shared = await startTestGateway({ urls: { audit: audit.url }, environment: { BREAKER_FAILURES: '1000' } })
  })
  afterAll(async () => {
    await shared.stop()
    audit.stop()
  })

  it.for<[string, RequestListener]>([
    ['answers with an error status', (_, response) => response.writeHead(500).end('{"data":{}}')],
    ['does not know the gateway', (_, response) => response.writeHead(401).end('{"errors":[{"message":"no"}]}')],
    ['answers with a page', (_, response) => response.end('<html>It works!</html>')],
    ['answers with JSON that is not GraphQL', (_, response) => response.end('{"ok":true}')],
    ['answers with a list', (_, response) => response.end('[]')],
    ['answers with errors of no form', (_, response) => response.end('{"data":null,"errors":"many"}')],
    ['answers with nothing', (_, response) => response.end()],
    ['redirects', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    [
      'breaks off in the middle',
      (_, response) => {
        response.writeHead(200, { 'content-length': 1000 }).write('{"data":{"_entities":[', () => response.destroy())
      },
    ],
    ['hangs up', (request) => request.socket.destroy()],
  ])('one that %s', async ([, listener]) => {
    behaviour = listener

    const { data, errors } = await shared.ask(JOIN)

    expect(data).toEqual(WITHOUT_AUDIT)
    expect(errors).toEqual([UNAVAILABLE])
  })

  it('one whose root fields stand beside others', async () => {
    behaviour = (_, response) => response.writeHead(503).end()

    const { data, errors } = await shared.ask('{ issue(id: "iss_1") { id } auditLog { totalCount } queues { name } }')

    expect(data).toEqual({ issue: { id: 'iss_1' }, auditLog: null, queues: [] })
    expect(errors).toEqual([expect.objectContaining({ path: ['auditLog'] })])
  })

  it('one that fails after another mutation has acted', async () => {
    behaviour = (_, response) => response.writeHead(503).end()
    const input = `{ idempotencyKey: "k", customerId: "cust_042",
      details: { decline: { errorCode: CARD_EXPIRED, autoRetryCount: 0 } } }`

    const { data, errors } = await shared.ask(
      `mutation { createIssue(input: ${input}) { issue { id } } revokeApiKey(id: "key_1") { id } }`,
    )

    expect(data).toEqual({ createIssue: { issue: { id: 'iss_1' } }, revokeApiKey: null })
    expect(errors).toMatchObject([{ path: ['revokeApiKey'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }])
  })

  it('one that is not there', async () => {
    const { gateway, audit } = await startWithAudit(() => {})
    audit.stop()

    const { data, errors } = await gateway.ask(JOIN)

    expect(data).toEqual(WITHOUT_AUDIT)
    expect(errors).toEqual([UNAVAILABLE])
  })

  it.for<[string, RequestListener]>([
    ['never answers', () => {}],
    ['never ends its answer', (_, response) => void response.writeHead(200).write('{"data":')],
  ])('one that %s, once the deadline is over', async ([, listener]) => {
    // Long enough for the others, who answer.
    const { gateway } = await startWithAudit(listener, { SUBGRAPH_TIMEOUT_MS: '2500' })

    const { data, errors } = await gateway.ask(JOIN)

    expect(data).toEqual(WITHOUT_AUDIT)
    expect(errors).toEqual([UNAVAILABLE])
  })

  it('one that shows its inside', async () => {
    const inside = { message: 'ECONNREFUSED 10.0.0.7:27017', extensions: { stacktrace: ['at secret.ts:1'] } }
    const answer = JSON.stringify({ data: null, errors: [inside] })
    const { gateway } = await startWithAudit((_, response) => response.end(answer))

    const { data, errors } = await gateway.ask(JOIN)

    expect(data).toEqual(WITHOUT_AUDIT)
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR', service: 'audit' } }])
    expect(JSON.stringify(errors)).not.toMatch(/ECONNREFUSED|secret/)
  })
})

describe('the gateway', () => {
  it('says which subgraph is down, and is degraded then', async () => {
    const { gateway } = await startWithAudit((_, response) => response.writeHead(503).end())

    const response = await fetch(`${gateway.url}/health/ready`)

    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      status: 'degraded',
      dependencies: { issues: 'up', decisions: 'up', audit: 'down' },
    })
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
  })

  it('is not ready when all are down', async () => {
    const down = await startOddSubgraph((_, response) => response.writeHead(503).end())
    const gateway = await startTestGateway({ urls: { issues: down.url, decisions: down.url, audit: down.url } })

    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(503)
    await gateway.stop()
    down.stop()
  })

  it('stops asking a subgraph when the client goes away', async () => {
    const asked = Promise.withResolvers<IncomingMessage>()
    const { gateway } = await startWithAudit((request) => asked.resolve(request))
    const client = new AbortController()
    const answer = gateway.post({ query: JOIN }, { signal: client.signal })

    const call = await asked.promise
    const broken = new Promise((resolve) => call.socket.once('close', resolve))
    client.abort()

    await expect(answer).rejects.toThrow()
    await broken
    await expect.poll(() => gateway.logged.find(({ msg }) => msg === 'request')).toMatchObject({ status: 499 })
  })

  it('passes on the trace that a request belongs to', async () => {
    const asked = Promise.withResolvers<IncomingMessage>()
    const { gateway } = await startWithAudit((request, response) => {
      asked.resolve(request)
      response.end('{}')
    })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

    await gateway.post({ query: JOIN }, { headers: { traceparent } })

    expect((await asked.promise).headers).toMatchObject({ traceparent, 'content-type': 'application/json' })
  })
})

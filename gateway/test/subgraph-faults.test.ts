import { type IncomingMessage, type RequestListener, request as requestOf, type ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, startTestGateway } from './gateway.ts'
import { readMetrics } from './read-metrics.ts'
import { startOddSubgraph } from './subgraphs.ts'

const resources: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of resources.splice(0).reverse()) await stop()
})

type Name = 'issues' | 'audit'
type Behaviour = (body: { query: string; variables: Record<string, unknown> }, response: ServerResponse) => void

/** A gateway one of whose subgraphs behaves as told; it notes each call and each connection. */
async function startWith(name: Name, behaviour: Behaviour, environment: NodeJS.ProcessEnv = {}) {
  const calls: string[] = []
  const connections = new Set<unknown>()
  const readiness = { isReady: true }
  const listener: RequestListener = async (request, response) => {
    connections.add(request.socket)
    const body = await textOf(request)
    if (request.method !== 'POST') return void response.writeHead(readiness.isReady ? 200 : 503).end('{}')
    calls.push(body)
    behaviour(JSON.parse(body), response)
  }
  const subgraph = await startOddSubgraph(listener)
  resources.push(subgraph.stop)
  const gateway = await startTestGateway({ urls: { [name]: subgraph.url }, environment })
  resources.push(gateway.stop)
  return { gateway, subgraph, calls, connections, readiness }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

const answering =
  (answer: object | string): Behaviour =>
  (_, response) =>
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
const hangUp: Behaviour = (_, response) => response.destroy()
const never: Behaviour = () => {}
const fail: Behaviour = (_, response) => response.writeHead(500).end()

/** Where waiting for it is the point: long enough for the subgraphs that do answer, on any machine. */
const DEADLINE_MS = '2500'
const UNAVAILABLE = { path: ['issue'], extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'issues' } }

const ISSUE = '{ issue(id: "iss_1") { id status } queues { name } }'
const JOIN = '{ issue(id: "iss_1") { id auditTrail { totalCount } } }'
const JOINS = '{ issues { nodes { id auditTrail { totalCount } } } }'
const RETRY = 'mutation { retryIssue(id: "iss_1") { issue { id } } }'

/** Sends an operation over a connection of its own, so that leaving is seen at once and leaves nothing behind. */
function sendAndLeave({ url, token }: { url: string; token: string }, query: string): () => void {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const request = requestOf(`${url}/graphql`, { method: 'POST', agent: false, headers })
  request.on('error', () => {}).end(JSON.stringify({ query }))
  return () => request.destroy()
}

const codesIn = ({ errors = [] }: Answer) => errors.map(({ extensions }) => extensions.code)

/** For what leaves nothing behind: one gateway is enough, and its breakers hardly ever open. */
const shared: { behaviour: Behaviour; stop: (() => unknown)[] } = { behaviour: never, stop: [] }
const patient = { BREAKER_FAILURES: '1000000' }
let faulty: Record<Name, Awaited<ReturnType<typeof startWith>>>
beforeAll(async () => {
  const behave: Behaviour = (body, response) => shared.behaviour(body, response)
  faulty = { issues: await startWith('issues', behave, patient), audit: await startWith('audit', behave, patient) }
  shared.stop = resources.splice(0)
})
afterAll(async () => {
  for (const stop of shared.stop.reverse()) await stop()
})

describe('a subgraph at the root that fails leaves what the others say, and the error names it and the field:', () => {
  it.for<[string, Behaviour]>([
    ['refuses', hangUp],
    ['breaks down', fail],
    ['answers with garbage', answering('\u0000\u0001{{{')],
    [
      'sends half of its answer',
      (_, response) => void response.writeHead(200).write('{"data":{"iss', () => response.destroy()),
    ],
    ['answers with a number', answering('7')],
    ['answers with data that is a list', answering({ data: [] })],
  ])('one that %s', async ([, behaviour]) => {
    const { gateway } = faulty.issues
    shared.behaviour = behaviour

    const { data, errors } = await gateway.ask(ISSUE)

    expect(data).toEqual({ issue: null, queues: [] })
    expect(errors).toMatchObject([UNAVAILABLE])
  })

  it('one that never answers, once its time is over', async () => {
    const { gateway } = await startWith('issues', never, { SUBGRAPH_TIMEOUT_MS: DEADLINE_MS })

    const { data, errors } = await gateway.ask(ISSUE)

    expect(data).toEqual({ issue: null, queues: [] })
    expect(errors).toMatchObject([UNAVAILABLE])
  })

  it('one that answers after all the others has not failed', async () => {
    const asked = Promise.withResolvers<ServerResponse>()
    const { gateway } = faulty.issues
    shared.behaviour = (_, response) => asked.resolve(response)

    const answer = gateway.ask(ISSUE)
    const late = await asked.promise
    await gateway.ask('{ queues { name } }')
    late.end('{"data":{"issue":{"id":"iss_1","status":"RESOLVED"}}}')

    expect(await answer).toEqual({ data: { issue: { id: 'iss_1', status: 'RESOLVED' }, queues: [] } })
  })
})

describe('values that the schema does not know are null, and the error says where:', () => {
  it.for<[string, unknown, unknown, unknown[] | null]>([
    ['a number for an enum', { id: 'iss_1', status: 7 }, null, ['issue', 'status']],
    ['an enum value of nobody', { id: 'iss_1', status: 'ASLEEP' }, null, ['issue', 'status']],
    ['an object for an enum', { id: 'iss_1', status: {} }, null, ['issue', 'status']],
    ['a text for an object', 'iss_1', null, ['issue']],
    ['a list for an object', [], null, ['issue']],
    ['nothing where something must be', { id: 'iss_1' }, null, ['issue', 'status']],
    ['an unknown type', { __typename: 'Nonsense', id: 'iss_1', status: 'RESOLVED' }, null, ['issue']],
    [
      'more than was asked for',
      { id: 'iss_1', status: 'RESOLVED', extra: 1 },
      { id: 'iss_1', status: 'RESOLVED' },
      null,
    ],
  ])('%s', async ([, issue, expected, path]) => {
    const { gateway } = faulty.issues
    shared.behaviour = answering({ data: { issue } })

    const { data, errors } = await gateway.ask(ISSUE)

    expect(data).toEqual({ issue: expected, queues: [] })
    if (path === null) expect(errors).toBeUndefined()
    else expect(errors).toMatchObject([{ path, extensions: { code: 'SUBGRAPH_INVALID_ANSWER' } }])
  })

  it('keys that mean something to JavaScript change nothing', async () => {
    const text = `{"data":{"__proto__":{"issue":{"id":"x"}},"constructor":{"prototype":{"polluted":1}},
      "issue":{"__proto__":{"polluted":1},"id":"iss_1","status":"RESOLVED"}}}`
    const { gateway } = faulty.issues
    shared.behaviour = answering(text)

    expect(await gateway.ask(ISSUE)).toEqual({ data: { issue: { id: 'iss_1', status: 'RESOLVED' }, queues: [] } })
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('a subgraph asked for entities', () => {
  const nothing = { issue: { id: 'iss_1', auditTrail: null } }

  it.for<[string, unknown]>([
    ['more than were asked for', [{ auditTrail: { totalCount: 1 } }, { auditTrail: { totalCount: 2 } }]],
    ['fewer than were asked for', []],
    ['none at all', null],
    ['an object', {}],
  ])('that answers with %s is not believed', async ([, _entities]) => {
    const { gateway } = faulty.audit
    shared.behaviour = answering({ data: { _entities } })

    const { data, errors } = await gateway.ask(JOIN)

    expect(data).toEqual(nothing)
    expect(errors).toMatchObject([
      { path: ['issue', 'auditTrail'], extensions: { code: 'SUBGRAPH_INVALID_ANSWER', service: 'audit' } },
    ])
  })

  it('may say that it does not know one', async () => {
    const { gateway } = faulty.audit
    shared.behaviour = answering({ data: { _entities: [null] } })

    expect(await gateway.ask(JOIN)).toEqual({ data: nothing })
  })

  it('may report an error without a path', async () => {
    const errors = [{ message: 'The chain is being repaired.', extensions: { code: 'STORE_UNAVAILABLE' } }]
    const { gateway } = faulty.audit
    shared.behaviour = answering({ data: { _entities: null }, errors })

    const answer = await gateway.ask(JOIN)

    expect(answer.data).toEqual(nothing)
    expect(answer.errors).toMatchObject([
      { path: ['issue', 'auditTrail'], extensions: { code: 'STORE_UNAVAILABLE', service: 'audit' } },
    ])
  })

  it('that puts the wrong type into one spoils only that one', async () => {
    const { gateway } = faulty.audit
    shared.behaviour = answering({ data: { _entities: [{ auditTrail: { totalCount: 'x' } }] } })

    const { data, errors } = await gateway.ask(JOINS)

    expect(data).toEqual({ issues: { nodes: [{ id: 'iss_1', auditTrail: null }] } })
    expect(errors).toMatchObject([
      {
        path: ['issues', 'nodes', 0, 'auditTrail', 'totalCount'],
        extensions: { code: 'SUBGRAPH_INVALID_ANSWER' },
      },
    ])
  })
})

describe('the breaker of a subgraph', () => {
  it('opens at the fifth failure: from then on requests do not wait, and health and metrics show it', async () => {
    const environment = { BREAKER_OPEN_MS: '600000' }
    const { gateway, calls, connections, readiness } = await startWith('issues', fail, environment)
    readiness.isReady = false
    for (let failures = 1; failures <= 4; failures++) await gateway.ask(ISSUE)
    expect(await breakersOf(gateway.url)).toMatchObject({ issues: 'closed' })
    await gateway.ask(ISSUE)
    const [callsBefore, connectionsBefore] = [calls.length, connections.size]

    const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.ask(ISSUE)))

    for (const answer of answers) expect(codesIn(answer)).toEqual(['SUBGRAPH_UNAVAILABLE'])
    expect([calls.length, connections.size]).toEqual([callsBefore, connectionsBefore])
    expect(await breakersOf(gateway.url)).toEqual({ issues: 'open', decisions: 'closed', audit: 'closed' })
    const metrics = await readMetrics(gateway.url)
    expect(metrics).toMatch(/circuit_breaker_state\{[^}]*issues[^}]*\} [^0]/)
    const { data } = await gateway.ask('{ health { status services { name breaker } } }')
    expect(data).toMatchObject({ health: { services: expect.arrayContaining([{ name: 'issues', breaker: 'OPEN' }]) } })
  })

  it('lets a call through as soon as the subgraph is ready again, long before its time is over', async () => {
    let behaviour = fail
    const environment = { BREAKER_OPEN_MS: '600000' }
    const { gateway, readiness } = await startWith('issues', (body, response) => behaviour(body, response), environment)
    readiness.isReady = false
    for (let failures = 1; failures <= 5; failures++) await gateway.ask(ISSUE)
    expect(await breakersOf(gateway.url)).toMatchObject({ issues: 'open' })

    behaviour = answering({ data: { issue: { id: 'iss_1', status: 'PENDING' } } })
    readiness.isReady = true

    await expect.poll(() => breakersOf(gateway.url)).toMatchObject({ issues: 'half open' })
    expect((await gateway.ask(ISSUE)).data).toMatchObject({ issue: { id: 'iss_1' } })
    expect(await breakersOf(gateway.url)).toMatchObject({ issues: 'closed' })
  })

  it('is not affected by clients that disconnect', async () => {
    const { gateway, calls } = await startWith('issues', never)
    for (let round = 1; round <= 6; round++) {
      const leave = sendAndLeave(gateway, ISSUE)
      await expect.poll(() => calls.length).toBe(round)
      leave()
      await expect.poll(() => gateway.logged.filter(({ status }) => status === 499)).toHaveLength(round)
    }

    expect(await breakersOf(gateway.url)).toMatchObject({ issues: 'closed' })
  })

  it('is not moved by errors that a subgraph reports in good form', async () => {
    const errors = [{ message: 'No.', path: ['issue'], extensions: { code: 'ISSUE_NOT_FOUND' } }]
    const { gateway } = await startWith('issues', answering({ data: { issue: null }, errors }))
    for (let round = 1; round <= 6; round++) await gateway.ask(ISSUE)

    expect(await breakersOf(gateway.url)).toMatchObject({ issues: 'closed' })
  })
})

async function breakersOf(url: string): Promise<unknown> {
  const { breakers } = (await (await fetch(`${url}/health/ready`)).json()) as { breakers: unknown }
  return breakers
}

describe('a call whose connection breaks', () => {
  it('is sent again where it only reads', async () => {
    let failures = 2
    const { gateway, calls } = await startWith('issues', (body, response) => {
      if (failures-- > 0) hangUp(body, response)
      else answering({ data: { issue: { id: 'iss_1', status: 'RESOLVED' } } })(body, response)
    })

    expect(await gateway.ask(ISSUE)).toEqual({ data: { issue: { id: 'iss_1', status: 'RESOLVED' }, queues: [] } })
    expect(calls).toHaveLength(3)
  })

  it('is given up after the third time', async () => {
    const { gateway, calls } = faulty.issues
    calls.length = 0
    shared.behaviour = hangUp

    expect(codesIn(await gateway.ask(ISSUE))).toEqual(['SUBGRAPH_UNAVAILABLE'])
    expect(calls).toHaveLength(3)
  })

  it('is never sent again where it changes something', async () => {
    const { gateway, calls } = faulty.issues
    calls.length = 0
    shared.behaviour = hangUp

    expect(codesIn(await gateway.ask(RETRY))).toEqual(['SUBGRAPH_UNAVAILABLE'])
    expect(calls).toHaveLength(1)
  })

  it('is not sent again where the subgraph answered, however badly', async () => {
    const { gateway, calls } = faulty.issues
    calls.length = 0
    shared.behaviour = fail

    await gateway.ask(ISSUE)

    expect(calls).toHaveLength(1)
  })
})

describe('the same read at the same time', () => {
  const held = () => {
    const waiting: ServerResponse[] = []
    const hold: Behaviour = (_, response) => waiting.push(response)
    const release = () => {
      for (const response of waiting.splice(0)) {
        response.end('{"data":{"issue":{"id":"iss_1","status":"RESOLVED"}}}')
      }
    }
    return { waiting, hold, release }
  }
  const RESOLVED = { data: { issue: { id: 'iss_1', status: 'RESOLVED' } } }
  const ONE = '{ issue(id: "iss_1") { id status } }'

  it('is one call for those with the same permissions', async () => {
    const { hold, release } = held()
    const { gateway, calls } = await startWith('issues', hold)

    const answers = Array.from({ length: 10 }, () => gateway.ask(ONE))
    await allAsked(gateway.url, 10)
    // The one call may still be on its way to the subgraph, and only one that is there can be answered.
    await expect.poll(() => calls.length).toBe(1)
    release()

    expect(await Promise.all(answers)).toEqual(Array(10).fill(RESOLVED))
    expect(calls).toHaveLength(1)
  })

  it('is a call each for those with different ones', async () => {
    const { hold, release } = held()
    const { gateway, calls } = await startWith('issues', hold)
    const customers = ['cust_1', 'cust_2'].map((customerId) =>
      gateway.signToken({ sub: 'same', roles: ['customer'], customerId }),
    )

    const answers = (await Promise.all(customers)).map((token) =>
      gateway.post({ query: ONE }, { headers: { authorization: `Bearer ${token}` } }),
    )
    await expect.poll(() => calls.length).toBe(2)
    release()

    for (const answer of answers) expect(await (await answer).json()).toEqual(RESOLVED)
  })

  it('is a call each where it changes something', async () => {
    const waiting: ServerResponse[] = []
    const { gateway, calls } = await startWith('issues', (_, response) => waiting.push(response))

    const answers = [gateway.ask(RETRY), gateway.ask(RETRY)]
    await expect.poll(() => waiting.length).toBe(2)
    for (const response of waiting) response.end('{"data":{"retryIssue":{"issue":{"id":"iss_1"}}}}')

    expect(await Promise.all(answers)).toEqual(Array(2).fill({ data: { retryIssue: { issue: { id: 'iss_1' } } } }))
    expect(calls).toHaveLength(2)
  })

  it('is not taken away by the first who leaves', async () => {
    const { hold, release } = held()
    const { gateway, calls } = await startWith('issues', hold)
    const leave = sendAndLeave(gateway, ONE)
    await expect.poll(() => calls.length).toBe(1)
    const stayed = gateway.ask(ONE)
    await allAsked(gateway.url, 2)

    leave()
    await expect.poll(() => gateway.logged.filter(({ status }) => status === 499)).toHaveLength(1)
    release()

    expect(await stayed).toEqual(RESOLVED)
    expect(calls).toHaveLength(1)
  })

  it('is sent again for those who stay when the connection breaks after the first has left', async () => {
    const { waiting, hold, release } = held()
    const { gateway, calls } = await startWith('issues', hold)
    const leave = sendAndLeave(gateway, ONE)
    await expect.poll(() => calls.length).toBe(1)
    const stayed = gateway.ask(ONE)
    await allAsked(gateway.url, 2)
    leave()
    await expect.poll(() => gateway.logged.filter(({ status }) => status === 499)).toHaveLength(1)

    waiting.pop()?.destroy()
    await expect.poll(() => waiting.length).toBe(1)
    release()

    expect(await stayed).toEqual(RESOLVED)
  })

  it('is not sent again when everybody has left', async () => {
    const { waiting, hold } = held()
    const { gateway, calls } = await startWith('issues', hold)
    const leave = sendAndLeave(gateway, ONE)
    await expect.poll(() => calls.length).toBe(1)

    waiting.pop()?.destroy()
    leave()
    await expect.poll(() => gateway.logged.filter(({ status }) => status === 499)).toHaveLength(1)
    // Another read goes the same way, retries and all, and is over: so the first would have been sent by now.
    const other = gateway.ask('{ issue(id: "iss_2") { id } }')
    for (let attempt = 1; attempt <= 3; attempt++) {
      await expect.poll(() => waiting.length).toBe(1)
      waiting.pop()?.destroy()
    }
    await other

    expect(calls.filter((body) => !body.includes('iss_2'))).toHaveLength(1)
  })
})

/** Waits until so many operations were let in. */
async function allAsked(url: string, count: number): Promise<void> {
  const lookups = async () => {
    const metrics = await readMetrics(url)
    return [...metrics.matchAll(/^document_cache_total\{.*\} (\d+)$/gm)].reduce(
      (sum, [, hits]) => sum + Number(hits),
      0,
    )
  }
  await expect.poll(lookups).toBeGreaterThanOrEqual(count)
}

describe('the deadline of a request', () => {
  // No subgraph's own deadline comes before the end of the test.
  const LATER = { SUBGRAPH_TIMEOUT_MS: '600000' }

  it('ends it, however many subgraphs it still waits for', async () => {
    const { gateway } = await startWith('issues', never, { ...LATER, REQUEST_TIMEOUT_MS: DEADLINE_MS })

    const { data, errors } = await gateway.ask(ISSUE)

    expect(data).toEqual({ issue: null, queues: [] })
    expect(errors).toMatchObject([{ path: ['issue'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }])
  })

  it('is one for all the steps that follow one another', async () => {
    // Each step takes more than half of it: the first has an answer, the second would have one if it began anew.
    const timeoutMs = 4_000
    const slowly = (answer: object) => (request: IncomingMessage, response: ServerResponse) =>
      void request.resume().on('end', () => setTimeout(() => response.end(JSON.stringify(answer)), timeoutMs * 0.55))
    const issues = await startOddSubgraph(slowly({ data: { issue: { __typename: 'Issue', id: 'iss_1' } } }))
    const audit = await startOddSubgraph(slowly({ data: { _entities: [{ auditTrail: { totalCount: 1 } }] } }))
    const gateway = await startTestGateway({
      urls: { issues: issues.url, audit: audit.url },
      environment: { ...LATER, REQUEST_TIMEOUT_MS: String(timeoutMs) },
    })
    resources.push(issues.stop, audit.stop, gateway.stop)

    const { data, errors } = await gateway.ask(JOIN)

    expect(data).toEqual({ issue: { id: 'iss_1', auditTrail: null } })
    expect(errors).toMatchObject([
      { path: ['issue', 'auditTrail'], extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'audit' } },
    ])
  })
})

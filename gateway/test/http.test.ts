import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway } from './gateway.ts'

let gateway: Awaited<ReturnType<typeof startTestGateway>>
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.stop())

const codesOf = async (response: Response) => {
  const { errors = [] } = (await response.json()) as { errors?: { extensions: { code: string } }[] }
  return errors.map(({ extensions }) => extensions.code)
}
const get = (path: string, init?: RequestInit) => fetch(gateway.url + path, { redirect: 'manual', ...init })
const HELLO = { query: '{ __typename }' }

describe('a request without a good token', () => {
  it.for<[string, Record<string, string>]>([
    ['none', {}],
    ['another scheme', { authorization: 'Basic YWRhOmFkYQ==' }],
    ['something that is no token', { authorization: 'Bearer garbage' }],
    ['an empty one', { authorization: 'Bearer ' }],
  ])('(%s) is refused before its body is looked at', async ([, headers]) => {
    const response = await get('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{ not json',
    })

    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await codesOf(response)).toEqual(['UNAUTHENTICATED'])
  })
})

describe('the request id', () => {
  it('is the one the caller gave', async () => {
    const response = await gateway.post(HELLO, { headers: { 'x-request-id': 'order-66.a_b' } })

    expect(response.headers.get('x-request-id')).toBe('order-66.a_b')
    await expect
      .poll(() => gateway.logged.find(({ requestId }) => requestId === 'order-66.a_b'))
      .toMatchObject({ msg: 'request', status: 200, actor: 'ada', codes: [] })
  })

  it.for(['with space', 'x'.repeat(129), '{"a":1}', 'a;b'])('%j is replaced by one of ours', async (given) => {
    const response = await gateway.post(HELLO, { headers: { 'x-request-id': given } })

    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('is on every answer', async () => {
    for (const path of ['/health', '/nowhere', '/', '/graphql', '/playground']) {
      const response = await get(path, { headers: { 'x-request-id': 'everywhere' } })
      await response.arrayBuffer()
      expect(response.headers.get('x-request-id')).toBe('everywhere')
    }
  })
})

describe('a body', () => {
  it('that is larger than 1 MiB is refused', async () => {
    const response = await gateway.post({ query: '{ __typename }', variables: { text: 'x'.repeat(1024 * 1024) } })

    expect(response.status).toBe(413)
    expect(await codesOf(response)).toEqual(['BODY_TOO_LARGE'])
  })

  it('that does not say how large it is, and is too large, is refused while it is still sent', async () => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
    const request = httpRequest(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.token}` },
    })
    request.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject)
    for (let sent = 0; sent < 40; sent++) request.write('x'.repeat(64 * 1024))
    request.end()

    expect(await promise).toBe(413)
  })

  it.for<[string, string, string]>([
    ['is not JSON', '{"query":', 'BAD_USER_INPUT'],
    ['is empty', '', 'BAD_USER_INPUT'],
    ['is a batch', '[{"query":"{ __typename }"}]', 'BAD_REQUEST'],
    ['is null', 'null', 'BAD_REQUEST'],
    ['has no query', '{}', 'BAD_REQUEST'],
    ['has variables that are no object', '{"query":"{ __typename }","variables":[]}', 'BAD_REQUEST'],
  ])('that %s is refused', async ([, body, code]) => {
    const response = await gateway.post(body)

    expect(response.status).toBe(400)
    expect(await codesOf(response)).toEqual([code])
  })

  it('that a form of a foreign page can send is refused', async () => {
    const response = await gateway.post(HELLO, { headers: { 'content-type': 'text/plain' } })

    expect(response.status).toBe(400)
    expect(await codesOf(response)).toEqual(['BAD_REQUEST'])
  })
})

describe('GET /graphql', () => {
  const ask = (query: string, headers = {}) =>
    get(`/graphql?query=${encodeURIComponent(query)}`, {
      headers: { authorization: `Bearer ${gateway.token}`, ...headers },
    })
  const preflight = { 'apollo-require-preflight': '1' }

  it('does not change anything', async () => {
    const response = await ask('mutation { retryIssue(id: 1) { issue { id } } }', preflight)

    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
  })
})

describe('the other endpoints', () => {
  it('answers with NOT_FOUND where there is nothing', async () => {
    for (const path of ['/nowhere', '/graphql/', '/__proto__', '/health/x', '//', '/playground/../x']) {
      const response = await get(path)
      expect(response.status).toBe(404)
      expect(await codesOf(response)).toEqual(['NOT_FOUND'])
    }
  })

  it('says which methods an address takes', async () => {
    const response = await get('/graphql', { method: 'PUT' })

    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, POST')
    expect(await codesOf(response)).toEqual(['METHOD_NOT_ALLOWED'])
  })

  it('gives files by tickets, and logs none of these', async () => {
    const response = await get('/downloads?ticket=secret.1', { headers: { 'x-request-id': 'download-1' } })

    expect([response.status, await response.text()]).toEqual([200, 'secret.1'])
    await expect
      .poll(() => gateway.logged.find(({ requestId }) => requestId === 'download-1'))
      .toMatchObject({ path: '/downloads', status: 200 })
    expect(JSON.stringify(gateway.logged)).not.toContain('secret.1')
  })

  it('leads from the root to the playground', async () => {
    const response = await get('/')

    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('/playground')
  })

  it('is ready when all subgraphs are', async () => {
    const response = await get('/health/ready')

    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      status: 'ready',
      service: 'gateway',
      dependencies: { issues: 'up', decisions: 'up', audit: 'up' },
      breakers: { issues: 'closed', decisions: 'closed', audit: 'closed' },
    })
  })

  it('sends no answer that a browser could sniff, frame or keep', async () => {
    const { headers } = await get('/health')

    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('cache-control')).toBe('no-store')
  })
})

describe('behind a proxy', () => {
  it('the subgraphs get the address that the proxy reports', async () => {
    const forwarded = { headers: { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' } }
    const behindProxy = await startTestGateway({ environment: { TRUST_PROXY: '127.0.0.0/8' } })

    await behindProxy.post({ query: '{ queues { name } }' }, forwarded)
    await gateway.post({ query: '{ queues { name } }' }, forwarded)

    expect(behindProxy.calls.at(-1)?.context.clientIp).toBe('203.0.113.9')
    expect(gateway.calls.at(-1)?.context.clientIp).toBe('127.0.0.1')
    await behindProxy.stop()
  })

  it('a client that reports an address of its own is banned, and the owner of that address is not', async () => {
    const behindProxy = await startTestGateway({ environment: { TRUST_PROXY: '1' } })
    const statusFor = async (authorization: string, addresses: string) => {
      const headers = { authorization, 'x-forwarded-for': addresses }
      return (await behindProxy.post(HELLO, { headers })).status
    }
    const victim = '192.0.2.50'

    const statuses = new Set<number>()
    for (let n = 0; n < 25; n++) statuses.add(await statusFor(`Bearer bad${n}`, `198.51.100.${n}, 203.0.113.7`))
    for (let n = 0; n < 25; n++) await statusFor(`Bearer worse${n}`, `${victim}, 203.0.113.7`)

    expect([...statuses]).toEqual([401, 429])
    expect(await statusFor(`Bearer ${behindProxy.token}`, victim)).toBe(200)
    await behindProxy.stop()
  })
})

describe('an address that shows no credentials', () => {
  it('is limited, on every endpoint together, and no other is', async () => {
    const narrow = await startTestGateway({ environment: { ADDRESS_RATE_LIMIT_MAX: '5', TRUST_PROXY: '1' } })
    const ask = (path: string, ip: string, headers = {}) =>
      fetch(narrow.url + path, { headers: { 'x-forwarded-for': ip, 'apollo-require-preflight': '1', ...headers } })
    const statusesOf = async (ip: string, headers = {}) => {
      const paths = ['/health', '/health/ready', '/metrics', '/nowhere', '/graphql?query={__typename}']
      const statuses: number[] = []
      for (const path of [...paths, ...paths]) statuses.push((await ask(path, ip, headers)).status)
      return statuses
    }

    expect(await statusesOf('203.0.113.1')).toEqual([200, 200, 401, 404, 401, 429, 429, 429, 429, 429])
    expect((await ask('/health', '203.0.113.1')).headers.get('retry-after')).toMatch(/^\d+$/)
    expect((await ask('/health', '203.0.113.2')).status).toBe(200)
    const known = { authorization: `Bearer ${narrow.token}` }
    expect((await ask('/graphql?query={__typename}', '203.0.113.1', known)).status).toBe(200)
    await narrow.stop()
  })
})

describe('metrics', () => {
  it('need a token at the address of the gateway, and none at one of this machine only', async () => {
    const open = await startTestGateway({ environment: { METRICS_PORT: '0', METRICS_TOKEN: '' } })

    expect((await fetch(`${open.url}/metrics`)).status).toBe(404)
    const local = await fetch(`${open.metricsUrl}/metrics`)
    expect(await local.text()).toContain('graphql_requests_total')
    expect(new URL(open.metricsUrl!).hostname).toBe('127.0.0.1')
    expect((await fetch(`${open.metricsUrl}/graphql`)).status).toBe(404)

    expect((await get('/metrics')).status).toBe(401)
    expect(await gateway.metrics()).toContain('graphql_requests_total')
    await open.stop()
  })
})

describe('introspection', () => {
  it('shows the schema only to those who may read it', async () => {
    const token = await gateway.signToken({ roles: ['customer'], customerId: 'cust_042' })
    const response = await gateway.post(
      { query: '{ __schema { queryType { name } } }' },
      { headers: { authorization: `Bearer ${token}` } },
    )

    expect(response.status).toBe(403)
    expect(await codesOf(response)).toEqual(['FORBIDDEN'])
  })

  it('does not show the schema, nor suggest names of it, where it is off', async () => {
    const closed = await startTestGateway({ environment: { INTROSPECTION: 'false' } })

    expect((await closed.ask('{ __schema { types { name } } }')).errors).toMatchObject([
      { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
    ])
    expect(JSON.stringify(await closed.ask('{ issu(id: 1) { id } }'))).not.toContain('"issue')
    expect(await closed.ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } })
    await closed.stop()
  })
})

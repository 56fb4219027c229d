import { createHmac } from 'node:crypto'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { startHttpServer } from '@redress/shared/process/http.ts'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, startTestGateway } from './gateway.ts'
import { startGatewayProcess } from './gateway-process.ts'
import { createKeys, pemOf, signToken } from './keys.ts'

const MEBIBYTE = 1024 * 1024

let gateway: Awaited<ReturnType<typeof startGatewayProcess>>
let well: Awaited<ReturnType<typeof startTestGateway>>
beforeAll(async () => {
  gateway = await startGatewayProcess()
  well = await startTestGateway()
})
afterAll(async () => {
  await gateway.stop()
  await well.stop()
})

function post(body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.token}`, ...headers },
  })
}

async function outcomeOf(response: Response): Promise<[status: number, code: unknown]> {
  const { errors } = (await response.json()) as Answer
  return [response.status, errors?.[0]?.extensions.code]
}

const many = (count: number, toText: (number: number) => string) =>
  Array.from({ length: count }, (_, n) => toText(n)).join(' ')
const nested = (depth: number) => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = [value]
  return value
}
const ID = 'query ($id: ID!) { issue(id: $id) { id } }'

describe('an excessive operation is refused before any call to a subgraph, and delays no other:', () => {
  it.for<[string, object, string]>([
    ['a bomb of aliases', { query: `{ ${many(900, (n) => `a${n}: issue(id: 1) { id }`)} }` }, 'QUERY_TOO_LARGE'],
    ['10,000 levels', { query: `${'{ issue(id: 1) '.repeat(10_000)}${'}'.repeat(10_000)}` }, 'QUERY_TOO_LARGE'],
    ['9,000 levels that fit', { query: `${'{a'.repeat(9_000)}${'}'.repeat(9_000)}` }, 'QUERY_TOO_LARGE'],
    [
      'fragments in a circle',
      { query: '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }' },
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a fragment of itself', { query: '{ ...A } fragment A on Query { ...A }' }, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'fragments that double each time',
      {
        query: `{ ...F0 } ${many(25, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F25 on Query { __typename }`,
      },
      'QUERY_TOO_LARGE',
    ],
    ['20,000 values in the variables', { query: ID, variables: { id: Array(20_000).fill(1) } }, 'QUERY_TOO_LARGE'],
    ['variables 1,000 levels deep', { query: ID, variables: { id: nested(1_000) } }, 'QUERY_TOO_LARGE'],
    ['400,000 directives', { query: `{ __typename ${'@a'.repeat(40_000)} }` }, 'QUERY_TOO_LARGE'],
    [
      'a storm of introspection',
      { query: `{ __schema { types { ${'fields { type { '.repeat(10)} name ${'} }'.repeat(10)} } } }` },
      'QUERY_TOO_LARGE',
    ],
  ])('%s', async ([, body, code]) => {
    const callsBefore = gateway.calls.length

    const [refused, other] = await Promise.all([post(body), post({ query: ID, variables: { id: 'iss_1' } })])

    expect(await outcomeOf(refused)).toEqual([400, code])
    expect(await other.json()).toEqual({ data: { issue: { id: 'iss_1' } } })
    expect(gateway.calls.length - callsBefore).toBe(1)
  })
})

describe('a request that is too much is refused before it has come to its end:', () => {
  it('a body of 100 MB that does not say how large it is', async () => {
    const { hostname, port } = new URL(gateway.url)
    const socket = connect(Number(port), hostname)
    const cutOff = new Promise((resolve) => socket.once('close', resolve))
    let text = ''
    // A client that is cut off finds out by an error, and has its answer then.
    socket.on('data', (part) => (text += part)).on('error', () => {})
    const head = `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${gateway.token}\r\n`
    socket.write(`${head}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`)
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`

    // By turns with reading: who only writes is deaf to any answer.
    while (socket.writable && socket.bytesWritten < 100 * MEBIBYTE) {
      if (!socket.write(chunk)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), cutOff])
      await setImmediate()
    }
    await cutOff

    expect(text).toMatch(/^HTTP\/1.1 413 [\s\S]*"code":"BODY_TOO_LARGE"/)
    expect(socket.bytesWritten).toBeLessThan(100 * MEBIBYTE)
  })

  it('a flood of headers', async () => {
    const { hostname, port } = new URL(gateway.url)
    const socket = connect(Number(port), hostname)
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: x\r\n${many(2_000, (n) => `x-${n}: ${'y'.repeat(20)}\r\n`).replaceAll('\n ', '\n')}\r\n`,
    )
    let text = ''
    for await (const part of socket) text += part

    expect(text).toMatch(/^HTTP\/1.1 431 /)
  })
})

it('a request that comes byte by byte is not waited for longer than half a minute', async () => {
  let server: Server | undefined
  const { close } = await startHttpServer(() => {}, {
    port: 0,
    host: '127.0.0.1',
    attach: (opened) => {
      server = opened
    },
  })

  expect(server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000 })
  await close()
})

describe('a request of a page of an unknown origin is refused:', () => {
  it.for([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'application/jsonp',
    '',
  ])('content type %j', async (type) => {
    expect(await outcomeOf(await post({ query: ID }, { 'content-type': type }))).toEqual([400, 'BAD_REQUEST'])
  })

  it('a batch', async () => {
    expect(await outcomeOf(await post(Array(1_000).fill({ query: '{ __typename }' })))).toEqual([400, 'BAD_REQUEST'])
  })

  it('a mutation by GET', async () => {
    const query = encodeURIComponent('mutation { retryIssue(id: 1) { issue { id } } }')
    const headers = { authorization: `Bearer ${gateway.token}`, 'apollo-require-preflight': '1' }
    const callsBefore = gateway.calls.length

    const response = await fetch(`${gateway.url}/graphql?query=${query}`, { headers })

    expect(await outcomeOf(response)).toEqual([405, 'METHOD_NOT_ALLOWED'])
    expect(gateway.calls.length).toBe(callsBefore)
  })

  it.for([
    '/graphql/../admin',
    '/GRAPHQL',
    '/graphql%2f',
    '/.env',
    '/graphql/stream',
    '/constructor',
    `/${'x'.repeat(8_000)}`,
  ])('the address %.30s', async (path) => {
    const response = await fetch(gateway.url + path, { method: 'POST', body: '{}' })

    expect(await outcomeOf(response)).toEqual([404, 'NOT_FOUND'])
  })
})

describe('invalid credentials are refused:', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    sub: 'eve',
    roles: ['admin'],
    iss: 'redress',
    aud: 'redress',
    exp: Math.floor(Date.now() / 1_000) + 300,
  }
  const hmac = (secret: string, header: object) => {
    const text = `${part(header)}.${part(claims)}`
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  }
  const sign = (change: (jwt: SignJWT) => SignJWT) =>
    change(new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256' })).sign(gateway.keys.jwt.privateKey)

  it.for<[string, () => string | Promise<string>]>([
    ['no algorithm', () => `${part({ alg: 'none' })}.${part(claims)}.`],
    ['no algorithm, in capitals', () => `${part({ alg: 'NONE' })}.${part(claims)}.`],
    ['the public key as a secret', () => hmac(pemOf(gateway.keys.jwt.publicKey), { alg: 'HS256' })],
    ['an empty secret', () => hmac('', { alg: 'HS256' })],
    ['the key of somebody else', () => signToken(createKeys().jwt.privateKey, { roles: ['admin'] })],
    [
      'a key that it brings along',
      () => {
        const own = createKeys().jwt
        return new SignJWT(claims)
          .setProtectedHeader({ alg: 'ES256', jwk: own.publicKey.export({ format: 'jwk' }) } as never)
          .sign(own.privateKey)
      },
    ],
    ['an end that is over', () => sign((jwt) => jwt.setExpirationTime('-1h'))],
    ['another audience', () => sign((jwt) => jwt.setAudience('elsewhere'))],
    ['another issuer', () => sign((jwt) => jwt.setIssuer('elsewhere'))],
    ['a beginning to come', () => sign((jwt) => jwt.setNotBefore('1h'))],
    [
      'changed claims',
      async () => {
        const [head, , signature] = gateway.token.split('.')
        return `${head}.${part(claims)}.${signature}`
      },
    ],
  ])('a token with %s', async ([, create]) => {
    const response = await post({ query: ID }, { authorization: `Bearer ${await create()}` })

    expect(await outcomeOf(response)).toEqual([401, 'UNAUTHENTICATED'])
  })

  it('a token and a key', async () => {
    expect(await outcomeOf(await post({ query: ID }, { 'x-api-key': 'rk_x' }))).toEqual([401, 'UNAUTHENTICATED'])
  })
})

describe('a condition without a value', () => {
  const CONDITION = 'query ($on: Boolean!) { issue(id: "iss_1") { id status @include(if: $on) } }'
  const WITH_DEFAULT = 'query ($on: Boolean = true) { issue(id: "iss_1") { id status @include(if: $on) } }'

  it.each([
    ['its variable is missing', { query: CONDITION }],
    ['its variable is null', { query: CONDITION, variables: { on: null } }],
    ['its variable is of another type', { query: CONDITION, variables: { on: 'yes' } }],
    ['its variable has a default and is null', { query: WITH_DEFAULT, variables: { on: null } }],
  ])('is a mistake of the caller where %s', async (_, request) => {
    expect(await outcomeOf(await post(request))).toEqual([400, 'BAD_USER_INPUT'])
  })

  it('has no place in the arguments of a field, unlike another value that is missing', async () => {
    const facts = async (query: string) => {
      const answer = (await (await post({ query })).json()) as { errors: { extensions: object }[] }
      return answer.errors[0]!.extensions
    }

    expect(await facts(CONDITION)).toEqual({ code: 'BAD_USER_INPUT' })
    expect(await facts('query ($id: ID!) { issue(id: $id) { id } }')).toMatchObject({
      argumentPath: ['id'],
      problems: [{ code: 'BAD_USER_INPUT', path: ['id'] }],
    })
  })
})

describe('names that mean something to JavaScript', () => {
  it('are keys of an answer like any others', async () => {
    const query =
      '{ issue(id: "iss_1") { constructor: id __proto__: status id: status toString: version hasOwnProperty: id } }'

    const text = await (await post({ query })).text()

    expect(text).toBe(
      '{"data":{"issue":{"constructor":"iss_1","__proto__":"RESOLVED","id":"RESOLVED","toString":3,"hasOwnProperty":"iss_1"}}}',
    )
  })

  it('stay keys across subgraphs', async () => {
    const query =
      '{ constructor: issue(id: "iss_1") { valueOf: decision { toString: action } __proto__: auditTrail { constructor: totalCount } } }'

    expect(await (await post({ query })).text()).toBe(
      '{"data":{"constructor":{"valueOf":{"toString":"APPROVE_REFUND"},"__proto__":{"constructor":1}}}}',
    )
  })

  it('are variables like any others', async () => {
    const query =
      'query ($constructor: ID!, $__proto__: Boolean!) { issue(id: $constructor) { id status @include(if: $__proto__) } }'
    const send = (variables: string) => post(`{"query":${JSON.stringify(query)},"variables":${variables}}`)

    expect(await (await send('{"constructor":"iss_1","__proto__":false}')).json()).toEqual({
      data: { issue: { id: 'iss_1' } },
    })
    expect(await outcomeOf(await send('{}'))).toEqual([400, 'BAD_USER_INPUT'])
    expect(await outcomeOf(await send('{"constructor":"iss_1"}'))).toEqual([400, 'BAD_USER_INPUT'])
  })

  it('as the name of an operation name none', async () => {
    expect((await outcomeOf(await post({ query: ID, operationName: '__proto__' })))[0]).toBe(400)
  })
})

describe('after all that', () => {
  it('the gateway is alive, and answers', async () => {
    expect(gateway.isAlive()).toBe(true)
    expect(await (await post({ query: ID, variables: { id: 'iss_1' } })).json()).toEqual({
      data: { issue: { id: 'iss_1' } },
    })
  })

  it('an address with too many guesses has to wait', async () => {
    const guess = async () => (await outcomeOf(await post({ query: ID }, { authorization: 'Bearer guess' })))[0]
    const statuses = new Set<number>()
    for (let guesses = 0; guesses < 40; guesses++) statuses.add(await guess())

    expect([...statuses]).toEqual([401, 429])
  })
})

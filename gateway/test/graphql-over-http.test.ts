import { hash } from 'node:crypto'
import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, startTestGateway } from './gateway.ts'

const APOLLO = 'application/graphql-response+json,application/json;q=0.9'
const URQL =
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed'
const GRAPHQL_RESPONSE = 'application/graphql-response+json; charset=utf-8'
const JSON_RESPONSE = 'application/json; charset=utf-8'
const HELLO = { query: '{ __typename }' }

let gateway: Awaited<ReturnType<typeof startTestGateway>>
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.stop())

const outcomeOf = async (response: Response) => {
  const { errors } = (await response.json()) as Answer
  return [response.status, response.headers.get('content-type'), errors?.[0]?.extensions.code]
}
const messageOf = async (response: Response) => ((await response.json()) as Answer).errors?.[0]?.message
const post = (body: unknown, headers: Record<string, string>) => gateway.post(body, { headers })
const get = (search: string, headers: Record<string, string>) => fetch(`${gateway.url}/graphql?${search}`, { headers })

describe('the audits of graphql-http', () => {
  const audits = serverAudits({
    url: () => `${gateway.url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) =>
      fetch(url, { ...init, headers: { authorization: `Bearer ${gateway.token}`, ...init.headers } }),
  })

  it.for(audits.map(({ id, name, fn }) => [id, name, fn] as const))('%s: %s', async ([, , audit]) => {
    expect(await audit()).toMatchObject({ status: 'ok' })
  })
})

describe('the media type of an answer', () => {
  it.for<[string, string]>([
    [APOLLO, GRAPHQL_RESPONSE],
    [URQL, GRAPHQL_RESPONSE],
    ['APPLICATION/GraphQL-Response+JSON; charset=UTF-8', GRAPHQL_RESPONSE],
    ['multipart/mixed;deferSpec=20220824,application/graphql-response+json', GRAPHQL_RESPONSE],
    ['application/json', JSON_RESPONSE],
    ['application/json;q=0.5, */*;q=0.1', JSON_RESPONSE],
    ['text/html, */*;q=0.8', JSON_RESPONSE],
    ['*/*', JSON_RESPONSE],
  ])('for %j is %s', async ([accept, type]) => {
    expect((await post(HELLO, { accept })).headers.get('content-type')).toBe(type)
  })

  it('is the same for errors of every kind', async () => {
    const refused = await post({ query: '{ nope }' }, { accept: APOLLO })
    const unauthenticated = await post(HELLO, { accept: APOLLO, authorization: 'Bearer garbage' })
    const tooLarge = await post({ ...HELLO, variables: { text: 'x'.repeat(1024 * 1024) } }, { accept: APOLLO })

    expect(await outcomeOf(refused)).toEqual([400, GRAPHQL_RESPONSE, 'GRAPHQL_VALIDATION_FAILED'])
    expect(await outcomeOf(unauthenticated)).toEqual([401, GRAPHQL_RESPONSE, 'UNAUTHENTICATED'])
    expect(await outcomeOf(tooLarge)).toEqual([413, GRAPHQL_RESPONSE, 'BODY_TOO_LARGE'])
  })

  it.for(['multipart/mixed', 'multipart/mixed;deferSpec=20220824', 'text/html', 'application/json;q=0'])(
    'is none of ours for %j, which is refused',
    async (accept) => {
      expect(await outcomeOf(await post(HELLO, { accept }))).toEqual([406, JSON_RESPONSE, 'NOT_ACCEPTABLE'])
    },
  )
})

describe('a client of application/json alone', () => {
  it.for<[string, object, string]>([
    ['does not parse', { query: '{' }, 'GRAPHQL_PARSE_FAILED'],
    ['does not fit the schema', { query: '{ nope }' }, 'GRAPHQL_VALIDATION_FAILED'],
    ['has values of other types', { query: 'query ($id: ID!) { issue(id: $id) { id } }' }, 'BAD_USER_INPUT'],
    ['names no operation', { ...HELLO, operationName: 'A' }, 'OPERATION_RESOLUTION_FAILURE'],
    ['is too deep', { query: `${'{a'.repeat(9_000)}${'}'.repeat(9_000)}` }, 'QUERY_TOO_LARGE'],
  ])('gets status 200 for an operation that %s, and others get 400', async ([, body, code]) => {
    expect(await outcomeOf(await post(body, { accept: 'application/json' }))).toEqual([200, JSON_RESPONSE, code])
    expect(await outcomeOf(await post(body, { accept: '*/*' }))).toEqual([400, JSON_RESPONSE, code])
    expect(await outcomeOf(await post(body, { accept: APOLLO }))).toEqual([400, GRAPHQL_RESPONSE, code])
  })

  it('gets another status for a request that is not in order', async () => {
    const accept = 'application/json'

    expect((await post('{', { accept })).status).toBe(400)
    expect((await post({}, { accept })).status).toBe(400)
    expect((await post(HELLO, { accept, authorization: 'Bearer garbage' })).status).toBe(401)
  })
})

describe('GET', () => {
  const search = new URLSearchParams(HELLO).toString()
  const credentials = () => ({ authorization: `Bearer ${gateway.token}` })

  it.for<[string, Record<string, string>]>([
    ['of Apollo Client', { 'content-type': 'application/json', accept: APOLLO }],
    ['of urql', { accept: URQL }],
    ['of curl', {}],
  ])('%s is answered', async ([, headers]) => {
    const response = await get(search, { ...credentials(), ...headers })

    expect(await response.json()).toEqual({ data: { __typename: 'Query' } })
  })

  it('with an API key comes as far as the check of the key', async () => {
    expect((await outcomeOf(await get(search, { 'x-api-key': 'rk_none' })))[2]).toBe('UNAUTHENTICATED')
  })

  it('of a page of another site is refused', async () => {
    const open = await startTestGateway({ environment: { AUTH: 'off' } })
    const statusFor = async (headers: Record<string, string>) =>
      (await fetch(`${open.url}/graphql?${search}`, { headers })).status

    expect(await statusFor({})).toBe(400)
    expect(await statusFor({ 'content-type': 'text/plain; application/json' })).toBe(400)
    expect(await statusFor({ 'content-type': 'application/json, text/plain' })).toBe(400)
    expect(await statusFor({ 'content-type': 'application/json; charset=utf-8' })).toBe(200)
    expect(await statusFor({ 'graphql-require-preflight': '1' })).toBe(200)
    await open.stop()
  })

  it.for(['query=%ff', 'query=%7B__typename%7D&variables=%7B%22a%22%3A%22%c3%28%22%7D', 'query=%'])(
    'of %s, which is not UTF-8, is refused',
    async (text) => {
      expect((await outcomeOf(await get(text, credentials())))[2]).toBe('BAD_REQUEST')
    },
  )
})

describe('a body', () => {
  it.for([
    'application/json-patch+json',
    'application/json5',
    'application/vnd.api+json',
    'application/json; charset=latin1',
    'application/json;charset="UTF-16"',
  ])('of type %s is refused', async (type) => {
    expect((await outcomeOf(await post(HELLO, { 'content-type': type })))[2]).toBe('BAD_REQUEST')
  })

  it.for([
    'application/json;charset=utf-8',
    'application/json; charset="UTF-8"',
    'Application/JSON',
    'application/graphql+json',
  ])('of type %s is read', async (type) => {
    expect((await post(HELLO, { 'content-type': type })).status).toBe(200)
  })

  it('that is not UTF-8 is refused', async () => {
    const body = Buffer.from(JSON.stringify({ query: '{ __type(name: "é") { name } }' }), 'latin1')
    const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' }

    const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body })

    expect(await messageOf(response)).toBe('body is not UTF-8.')
  })

  it('that is compressed is refused', async () => {
    expect((await outcomeOf(await post(HELLO, { 'content-encoding': 'gzip' })))[2]).toBe('BAD_REQUEST')
  })
})

describe('what is wrong', () => {
  it('with two operations of one name is their name', async () => {
    const query = 'query A { __typename } query A { __typename }'

    const response = await post({ query, operationName: 'A' }, {})

    expect(await messageOf(response)).toBe('There can be only one operation named "A".')
  })

  it('with @defer and @stream is that answers come in one piece', async () => {
    const query = '{ ... @defer { __typename } issues { nodes @stream { id } } }'

    const messages = ((await (await post({ query }, { accept: URQL })).json()) as Answer).errors?.map(
      ({ message }) => message,
    )

    expect(messages).toContain('@defer is not supported: answers come in one piece. Send the operation without it.')
    expect(messages).toContain('@stream is not supported: answers come in one piece. Send the operation without it.')
  })

  it('with a persisted query that is not known comes with status 200, and the text registers it', async () => {
    const sha256Hash = hash('sha256', HELLO.query)
    const extensions = { persistedQuery: { version: 1, sha256Hash } }

    const unknown = await post({ extensions }, { accept: APOLLO })
    const registered = await post({ ...HELLO, extensions }, { accept: APOLLO })
    const known = await get(new URLSearchParams({ extensions: JSON.stringify(extensions) }).toString(), {
      authorization: `Bearer ${gateway.token}`,
    })

    expect(await outcomeOf(unknown)).toEqual([200, GRAPHQL_RESPONSE, 'PERSISTED_QUERY_NOT_FOUND'])
    expect(await registered.json()).toEqual({ data: { __typename: 'Query' } })
    expect(await known.json()).toEqual({ data: { __typename: 'Query' } })
  })
})

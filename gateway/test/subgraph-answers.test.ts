import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Respond } from './foreign-graph.ts'
import { openGraph } from './graph-of-test.ts'

const SDL = 'type Query { mine: String open: String }'
const FAILURES_MAX = 5

async function askOften(ask: (query: string) => Promise<unknown>, query: string) {
  const answers = []
  for (let time = 0; time <= FAILURES_MAX; time++) answers.push(await ask(query))
  return answers
}

describe('an answer in the form of GraphQL', () => {
  const refused = { message: 'Sign in first.', path: ['mine'], extensions: { code: 'UNAUTHENTICATED' } }

  it.for([401, 403, 404, 429, 500, 503])(
    'is an answer with status %i, and no failure of the subgraph',
    async (status) => {
      const respond: Respond = ({ query }) =>
        query.includes('mine')
          ? { status, body: JSON.stringify({ data: null, errors: [refused] }) }
          : { data: { open: 'yes' } }
      const { ask } = await openGraph({ a: { sdl: SDL, respond } })

      const [answer] = await askOften(ask, '{ mine }')

      const extensions = { code: 'UNAUTHENTICATED', service: 'a' }
      expect(answer).toEqual({ data: { mine: null }, errors: [{ ...refused, extensions }] })
      expect(await ask('{ open }')).toEqual({ data: { open: 'yes' } })
    },
  )

  it('may have an empty list of errors beside its data', async () => {
    const { ask } = await openGraph({
      a: { sdl: SDL, respond: ({ query }) => ({ data: query.includes('open') ? { open: 'yes' } : null, errors: [] }) },
    })

    expect(await ask('{ open }')).toEqual({ data: { open: 'yes' } })
    expect(await ask('{ mine }')).toMatchObject({ errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }] })
  })
})

describe('a null that a subgraph has explained', () => {
  const message = 'Not for you.'
  const a = {
    sdl: 'type Query { ts: [T] } type T @key(fields: "id") { id: ID! }',
    respond: () => ({ data: { ts: ['1', '2'].map((id) => ({ __typename: 'T', id })) } }),
  }
  const sdl = 'type T @key(fields: "id") { id: ID! secret: Int! plain: Int! note: Int }'
  const refusedAt = (field: string) => ({
    message,
    path: ['_entities', 0, field],
    extensions: { code: 'FORBIDDEN' },
  })
  const whole = { secret: 2, plain: 2, note: 2 }

  it('blames no neighbour, and no other object', async () => {
    const respond = () => ({ data: { _entities: [null, whole] }, errors: [refusedAt('secret')] })
    const { ask } = await openGraph({ a, b: { sdl, respond } })

    const { data, errors } = await ask('{ ts { secret plain note } }')

    expect(data).toEqual({ ts: [null, whole] })
    expect(errors).toMatchObject([{ path: ['ts', 0, 'secret'], extensions: { code: 'FORBIDDEN' } }])
  })

  it('explains no null elsewhere', async () => {
    const entity = { secret: 1, plain: null, note: null }
    const respond = () => ({ data: { _entities: [entity, whole] }, errors: [refusedAt('note')] })
    const { ask } = await openGraph({ a, b: { sdl, respond } })

    const { data, errors } = await ask('{ ts { secret plain note } }')

    expect(data).toEqual({ ts: [null, whole] })
    expect(errors).toMatchObject([
      { path: ['ts', 0, 'note'], extensions: { code: 'FORBIDDEN' } },
      { path: ['ts', 0, 'plain'], extensions: { code: 'SUBGRAPH_INVALID_ANSWER' } },
    ])
  })
})

describe('an answer in another form', () => {
  it.for([
    ['a 4xx', 403, { data: { open: 'yes' } }],
    ['a 5xx', 502, { data: { open: null }, errors: [expect.objectContaining({ path: ['open'] })] }],
  ])('with %s counts as a failure for all callers only if it may concern them', async ([, status, later]) => {
    const respond: Respond = ({ query }) =>
      query.includes('mine') ? { status: Number(status), body: '<html>no</html>' } : { data: { open: 'yes' } }
    const { ask } = await openGraph({ a: { sdl: SDL, respond } })

    const [answer] = await askOften(ask, '{ mine }')

    expect(answer).toMatchObject({ data: { mine: null }, errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }] })
    expect(await ask('{ open }')).toEqual(later)
  })
})

describe('a compressed answer', () => {
  const body = Buffer.from('{"data":{"open":"yes"}}')

  it.for<[string, Buffer]>([
    ['gzip', gzipSync(body)],
    ['br', brotliCompressSync(body)],
    ['deflate', deflateSync(body)],
    ['zstd', zstdCompressSync(body)],
    ['gzip, br', brotliCompressSync(gzipSync(body))],
  ])('is read: %s', async ([encoding, compressed]) => {
    const respond = () => ({ headers: { 'content-encoding': encoding }, body: compressed })
    const { ask } = await openGraph({ a: { sdl: SDL, respond } })

    expect(await ask('{ open }')).toEqual({ data: { open: 'yes' } })
  })

  it.for([
    ['is damaged', 'gzip', Buffer.from('not compressed')],
    ['is of an unknown kind', 'compress', body],
    ['was compressed again and again', 'gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(body)))],
    ['is larger than allowed', 'zstd', zstdCompressSync(Buffer.alloc(33 * 1024 * 1024, ' '))],
  ] as const)('that %s takes its fields away', async ([, encoding, compressed]) => {
    const respond = () => ({ headers: { 'content-encoding': encoding }, body: compressed })
    const { ask } = await openGraph({ a: { sdl: SDL, respond } })

    expect(await ask('{ open }')).toMatchObject({
      data: { open: null },
      errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }],
    })
  })
})

describe('a read after a mutation', () => {
  /** Answers a read with what was true when it was asked, but only when it is let go. */
  function createAccounts() {
    let balance = 'old'
    const held: (() => void)[] = []
    const respond: Respond = async ({ variables }) => {
      const known = balance
      if (known === 'old') await new Promise<void>((go) => held.push(go))
      return variables.representations ? { data: { _entities: [{ balance: known }] } } : { data: { slow: known } }
    }
    return { respond, held, set: () => (balance = 'new') }
  }

  it('never gets the answer to a question that was asked before', async () => {
    const accounts = createAccounts()
    const a: Respond = ({ query, ...asked }) => {
      if (query.includes('slow')) return accounts.respond({ query, ...asked })
      if (query.startsWith('mutation')) accounts.set()
      const acc = { __typename: 'Acc', id: '1' }
      return { data: query.startsWith('mutation') ? { set: acc } : { acc } }
    }
    const { ask } = await openGraph({
      a: {
        sdl: `type Mutation { set: Acc } type Query { slow: String acc: Acc } type Acc @key(fields: "id") { id: ID! }`,
        respond: a,
      },
      b: { sdl: 'type Acc @key(fields: "id") { id: ID! balance: String }', respond: accounts.respond },
    })
    const before = [ask('{ acc { balance } }'), ask('{ slow }')]
    await expect.poll(() => accounts.held.length).toBe(2)

    expect(await ask('mutation { set { balance } }')).toEqual({ data: { set: { balance: 'new' } } })
    expect(await ask('{ acc { balance } }')).toEqual({ data: { acc: { balance: 'new' } } })
    expect(await ask('{ slow }')).toEqual({ data: { slow: 'new' } })
    for (const go of accounts.held) go()
    expect(await Promise.all(before)).toEqual([{ data: { acc: { balance: 'old' } } }, { data: { slow: 'old' } }])
  })
})

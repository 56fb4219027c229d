import { describe, expect, it } from 'vitest'
import type { Respond } from './foreign-graph.ts'
import { openGraph } from './graph-of-test.ts'

type Row = Record<string, unknown>

/** Answers each representation by a function of it, and notes them all. */
function entities(answer: (representation: Row, query: string) => object | null) {
  const representations: Row[] = []
  const respond: Respond = ({ query, variables }) => {
    const given = variables.representations as Row[]
    representations.push(...given)
    return { data: { _entities: given.map((one) => answer(one, query)) } }
  }
  return { respond, representations }
}

/** Only the fields that are asked for. */
const asked = (query: string, row: Row) =>
  Object.fromEntries(Object.entries(row).filter(([name]) => query.includes(name)))

describe('a computed field that is left out', () => {
  const a = {
    sdl: 'type Query { t: T } type T @key(fields: "id") { id: ID! x: Int }',
    respond: (({ variables: { v, w } }) => {
      const hasX = v === false || w === true
      return { data: { t: { __typename: 'T', id: '1', ...(hasX && { x: 7 }) } } }
    }) satisfies Respond,
  }
  const sdl = `type T @key(fields: "id") {
    id: ID! x: Int @external plain: Int! y: Int @requires(fields: "x") z: Int @requires(fields: "x") }`
  const respond = () => entities(({ x }, query) => asked(query, { plain: 3, yy: x, y: x, z: x })).respond

  it.for([
    [{ v: true }, { plain: 3 }],
    [{ v: false }, { plain: 3, y: 7 }],
  ])('takes nothing else away: %j', async ([variables, t]) => {
    const { ask } = await openGraph({ a, b: { sdl, respond: respond() } })

    const answer = await ask('query($v: Boolean!) { t { plain y @skip(if: $v) } }', variables)

    expect(answer).toEqual({ data: { t } })
  })

  it('takes no other computed field away', async () => {
    const { ask } = await openGraph({ a, b: { sdl, respond: respond() } })
    const query = 'query($v: Boolean!, $w: Boolean!) { t { y @include(if: $v) z @include(if: $w) } }'

    expect(await ask(query, { v: true, w: true })).toEqual({ data: { t: { y: 7, z: 7 } } })
    expect(await ask(query, { v: true, w: false })).toEqual({
      data: { t: { y: null } },
      errors: [expect.objectContaining({ path: ['t', 'y'] })],
    })
  })

  it.for([
    'query($v: Boolean!) { t { z y @skip(if: $v) } }',
    'query($v: Boolean!) { t { y @skip(if: $v) ... { zz: z } z } }',
    'query($v: Boolean!) { t { ...Y @skip(if: $v) z } } fragment Y on T { y }',
    'query($v: Boolean!) { t { z ... @skip(if: $v) { ... @include(if: true) { y } } } }',
    'query($v: Boolean!, $w: Boolean = false) { t { z ... @skip(if: $v) { y } y @include(if: $w) } }',
  ])('leaves a field to be fetched that another one requires with arguments: %s', async (query) => {
    const tags = (text: string) => [...text.matchAll(/(\w+):tag\(n:2\)/g)].map(([, key]) => [key, 20])
    const { ask } = await openGraph({
      a: {
        sdl: `type Query { t: T } type T @key(fields: "id") { id: ID! w: Int
          tag(n: Int): Int @external z: Int @requires(fields: "tag(n: 2)") }`,
        respond: (request) => {
          const ofTag = ({ tag }: Row) => ({ z: tag, zz: tag })
          if (request.variables.representations) return entities(ofTag).respond(request)
          return { data: { t: { __typename: 'T', id: '1', ...(request.variables.v === false && { w: 5 }) } } }
        },
      },
      b: {
        sdl: 'type T @key(fields: "id") { id: ID! tag(n: Int): Int w: Int @external y: Int @requires(fields: "w") }',
        respond: entities(({ w }, text) => ({ ...asked(text, { y: w }), ...Object.fromEntries(tags(text)) })).respond,
      },
    })

    expect(await ask(query, { v: true })).toEqual({ data: { t: expect.not.objectContaining({ y: 5 }) } })
    expect(await ask(query, { v: true })).toMatchObject({ data: { t: { z: 20 } } })
    expect(await ask(query, { v: false })).toMatchObject({ data: { t: { z: 20, y: 5 } } })
  })
})

describe('a field of which a condition leaves out one fetch, and another fetch has no entity', () => {
  it('is null without the error of the fetch that was left out', async () => {
    const { ask } = await openGraph({
      a: {
        sdl: 'type Query { t: T } type T @key(fields: "id") { id: ID! x: Int w: Int }',
        respond: ({ variables: { v } }) => ({ data: { t: { __typename: 'T', id: '1', w: 1, ...(!v && { x: 2 }) } } }),
      },
      b: {
        sdl: `type T @key(fields: "id") { id: ID! x: Int @external w: Int @external
          both: Int @shareable @requires(fields: "x") y: Int @requires(fields: "x") z: Int @requires(fields: "w") }`,
        respond: entities((_, query) => asked(query, { both: 3, y: 2, z: 1 })).respond,
      },
      c: {
        sdl: 'type T @key(fields: "id") { id: ID! both: Int @shareable plain: Int }',
        respond: entities(() => null).respond,
      },
    })
    const query = 'query($v: Boolean!) { t { both plain z ... @skip(if: $v) { both y } } }'

    expect(await ask(query, { v: true })).toEqual({ data: { t: { both: null, plain: null, z: 1 } } })
    expect(await ask(query, { v: false })).toEqual({ data: { t: { both: 3, plain: null, z: 1, y: 2 } } })
  })
})

describe('a subgraph that is down', () => {
  it('is an error at the fields that were asked of it, and not at those that a condition leaves out', async () => {
    const { ask } = await openGraph({
      a: {
        sdl: 'type Query { t: T } type T @key(fields: "id") { id: ID! }',
        respond: () => ({ data: { t: { __typename: 'T', id: '1' } } }),
      },
      b: {
        sdl: 'type Query { w: Int x: Int } type T @key(fields: "id") { id: ID! y: Int z: Int }',
        respond: () => ({ status: 503, body: '' }),
      },
    })
    const query = 'query($v: Boolean!) { t { id z ... @skip(if: $v) { y } } w x @skip(if: $v) }'
    const pathsOf = async (v: boolean) => {
      const { data, errors = [] } = await ask(query, { v })
      return { data, paths: errors.map(({ path }) => path?.join('.')).sort() }
    }

    expect(await pathsOf(true)).toEqual({
      data: { t: { id: '1', z: null }, w: null },
      paths: ['t.z', 'w'],
    })
    expect(await pathsOf(false)).toEqual({
      data: { t: { id: '1', z: null, y: null }, w: null, x: null },
      paths: ['t.y', 't.z', 'w', 'x'],
    })
  })
})

describe('a required field without an answer', () => {
  it('is an error at each field that needs it, and at no other', async () => {
    const { ask } = await openGraph({
      a: {
        sdl: 'type Query { ts: [T!]! } type T @key(fields: "id") { id: ID! }',
        respond: () => ({
          data: { ts: ['1', '2'].map((id) => ({ __typename: 'T', id })) },
        }),
      },
      b: {
        sdl: 'type T @key(fields: "id") { id: ID! x: Int }',
        respond: entities(({ id }) => (id === '1' ? { x: 5 } : null)).respond,
      },
      c: {
        sdl: 'type T @key(fields: "id") { id: ID! x: Int @external plain: Int y: Int @requires(fields: "x") }',
        respond: entities(({ x }, query) => asked(query, { plain: 3, y: x })).respond,
      },
    })

    expect(await ask('{ ts { plain y } }')).toEqual({
      data: {
        ts: [
          { plain: 3, y: 5 },
          { plain: 3, y: null },
        ],
      },
      errors: [
        expect.objectContaining({
          path: ['ts', 1, 'y'],
          extensions: { code: 'SUBGRAPH_INVALID_ANSWER', service: 'c' },
        }),
      ],
    })
  })
})

describe('an entity that is no object', () => {
  it.for(['text', 7, [{}]])('is an error at each field that was asked for: %j', async (entity) => {
    const { ask } = await openGraph({
      a: {
        sdl: 'type Query { t: T } type T @key(fields: "id") { id: ID! }',
        respond: () => ({ data: { t: { __typename: 'T', id: '1' } } }),
      },
      b: {
        sdl: 'type T @key(fields: "id") { id: ID! x: Int y: Int }',
        respond: () => ({ data: { _entities: [entity] } }),
      },
    })

    expect(await ask('{ t { id x yy: y } }')).toEqual({
      data: { t: { id: '1', x: null, yy: null } },
      errors: ['x', 'yy'].map((key) => ({
        message: expect.any(String),
        path: ['t', key],
        extensions: { code: 'SUBGRAPH_INVALID_ANSWER', service: 'b' },
      })),
    })
  })
})

describe('fields that need the same field with other arguments', () => {
  const a = {
    sdl: 'type Query { p: P } type P @key(fields: "id") { id: ID! price(cur: String): Float }',
    respond: (({ query }) => {
      const prices = [...query.matchAll(/(\w+):price\(cur:"(\w+)"\)/g)]
      return {
        data: {
          p: {
            __typename: 'P',
            id: '1',
            ...Object.fromEntries(prices.map(([, key, cur]) => [key, cur === 'EUR' ? 9 : 10])),
          },
        },
      }
    }) satisfies Respond,
  }
  const sdl = `type P @key(fields: "id") { id: ID! price(cur: String): Float @external
    eur(n: Int): String @requires(fields: "price(cur: \\"EUR\\")") usd: String @requires(fields: "price(cur: \\"USD\\")") }`

  it.for([
    'query($s: Boolean!) { p { ... @include(if: $s) { eur } usd } }',
    'query($s: Boolean!) { p { ... @include(if: $s) { eur } ... @include(if: $s) { usd } } }',
    'query($s: Boolean!, $n: Int) { p { eur(n: $n) @include(if: $s) usd } }',
  ])('each get their own value: %s', async (query) => {
    const unused: string[] = []
    const b = entities(({ price }, text) => {
      const [, names = ''] = /^query[^(]*\(([^{]*)\)\{/.exec(text) ?? []
      for (const [name] of names.matchAll(/\$\w+/g)) if (text.split(name).length < 3) unused.push(name)
      return asked(text, { eur: `${price} EUR`, usd: `${price} USD` })
    })
    const { ask } = await openGraph({ a, b: { sdl, respond: b.respond } })

    expect(await ask(query, { s: true, n: 1 })).toEqual({ data: { p: { eur: '9 EUR', usd: '10 USD' } } })
    expect(unused).toEqual([])
  })
})

describe('a required field that the client asks for with arguments', () => {
  it('is fetched without them too', async () => {
    const { ask } = await openGraph({
      a: {
        sdl: 'type Query { p: P } type P @key(fields: "id") { id: ID! price(cur: String): Int }',
        respond: ({ query }) => {
          const prices = [...query.matchAll(/(?:(\w+):)?\bprice\b(\(cur:"EUR"\))?/g)]
          const values = prices.map(([, key = 'price', inEur]) => [key, inEur ? 9 : 10])
          return { data: { p: { __typename: 'P', id: '1', ...Object.fromEntries(values) } } }
        },
      },
      b: {
        sdl: `type P @key(fields: "id") {
          id: ID! price(cur: String): Int @external label: String @requires(fields: "price") }`,
        respond: entities(({ price }) => ({ label: `for ${price}` })).respond,
      },
    })

    expect(await ask('{ p { price(cur: "EUR") label } }')).toEqual({ data: { p: { price: 9, label: 'for 10' } } })
    expect(await ask('{ p { price label } }')).toEqual({ data: { p: { price: 10, label: 'for 10' } } })
  })
})

describe('an interface that a subgraph knows as an object', () => {
  const MEDIA = 'interface Media @key(fields: "id") { id: ID! title: String }'
  const lib = (more: string) => `${MEDIA} type Query { ms: [Media!]! }
    type Film implements Media @key(fields: "id") { id: ID! title: String }
    type Song implements Media @key(fields: "id") { id: ID! title: String } ${more}`
  const rev = `type Media @key(fields: "id") @interfaceObject {
    id: ID! title: String @external score: Int blurb: String @requires(fields: "title") }`

  it('answers plain fields of all its types where one type asks for a computed field', async () => {
    const { ask } = await openGraph({
      lib: {
        sdl: lib(''),
        respond: () => ({
          data: {
            ms: [
              { __typename: 'Film', id: 'f', title: 'Ran' },
              { __typename: 'Song', id: 's' },
            ],
          },
        }),
      },
      rev: {
        sdl: rev,
        respond: entities(({ title }, query) => asked(query, { score: 4, blurb: `On ${title}` })).respond,
      },
    })

    expect(await ask('{ ms { score ... on Film { blurb } } }')).toEqual({
      data: { ms: [{ score: 4, blurb: 'On Ran' }, { score: 4 }] },
    })
  })

  it('answers fields below a fragment of another interface', async () => {
    const { ask } = await openGraph({
      lib: {
        sdl: `${MEDIA} interface Thing { id: ID! label: String } type Query { ping: Int }
          type Book implements Media & Thing @key(fields: "id") { id: ID! title: String label: String pages: Int }`,
        respond: entities(() => ({ __typename: 'Book', id: '1', pages: 300 })).respond,
      },
      rev: {
        sdl: `type Query { about: Media } type Media @key(fields: "id") @interfaceObject { id: ID! score: Int }`,
        respond: () => ({ data: { about: { __typename: 'Media', id: '1' } } }),
      },
    })

    const query = '{ about { ... on Thing { __typename kind: __typename ... on Book { pages } } } }'
    expect(await ask(query)).toEqual({ data: { about: { __typename: 'Book', kind: 'Book', pages: 300 } } })
  })
})

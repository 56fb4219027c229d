import { describe, expect, it } from 'vitest'
import type { Respond } from './foreign-graph.ts'
import { openGraph } from './graph-of-test.ts'

type Row = Record<string, unknown>

/** Answers entities by a function of their representation, and notes how many requests there were. */
function entities(answer: (representation: Row) => Row) {
  const asked: string[] = []
  const respond: Respond = ({ query, variables }) => {
    asked.push(query)
    return { data: { _entities: (variables.representations as Row[]).map(answer) } }
  }
  return { respond, asked }
}

describe('a field that is computed from a computed field', () => {
  const roots = '{ ones { label } }'
  const a = {
    sdl: `type Query { ones: [One] } type One @key(fields: "id") {
      id: ID! size: Int @external title: String @requires(fields: "size") }`,
    respond: (({ query, variables }) => {
      if (query.includes('ones')) return { data: { ones: [{ __typename: 'One', id: '1', title: 'without its size' }] } }
      const rows = variables.representations as Row[]
      return { data: { _entities: rows.map(({ size }) => ({ title: `of size ${size}` })) } }
    }) satisfies Respond,
  }
  const b = {
    sdl: `type One @key(fields: "id") {
      id: ID! title: String @external label: String @requires(fields: "title") }`,
    respond: entities(({ title }) => ({ label: `labelled ${title}` })).respond,
  }
  const c = { sdl: 'type One @key(fields: "id") { id: ID! size: Int }', respond: entities(() => ({ size: 7 })).respond }

  it('is computed from its right value', async () => {
    const { ask } = await openGraph({ a, b, c })

    expect(await ask(roots)).toEqual({ data: { ones: [{ label: 'labelled of size 7' }] } })
  })
})

describe('a field that is computed from a computed field and left out by a condition', () => {
  const a = {
    sdl: `type One @key(fields: "id") @key(fields: "sku") @key(fields: "num") { id: ID! sku: ID! num: ID!
      price: Int @external size: Int @external label: String @requires(fields: "price size") }`,
    respond: entities(({ price, size }) => ({ id: 'i', sku: 's', num: 'n', label: `${size} for ${price}` })).respond,
  }
  const b = {
    sdl: `type Query { one: One }
      type One @key(fields: "num") { num: ID! plain: Int price: Int @external size: Int @requires(fields: "price") }`,
    respond: (({ query, variables }) => {
      if (!query.includes('_entities')) return { data: { one: { __typename: 'One', num: 'n', plain: 3 } } }
      return {
        data: {
          _entities: (variables.representations as { price: number }[]).map(({ price }) => ({ size: price + 1 })),
        },
      }
    }) satisfies Respond,
  }
  const c = {
    sdl: 'type One @key(fields: "sku") { sku: ID! price: Int }',
    respond: entities(() => ({ price: 7 })).respond,
  }

  it('is answered unless the condition holds', async () => {
    const { ask } = await openGraph({ a, b, c })
    const forms = [
      '... @skip(if: $f) { label }',
      '... on One @skip(if: $f) { label plain @skip(if: $f) }',
      '... @include(if: $t) { ... on One @skip(if: $f) { label } }',
      '... @skip(if: $f) @include(if: $t) { plain label @include(if: $t) }',
      '... @include(if: $t) { ... { label @skip(if: $f) } label }',
      '...Labelled @skip(if: $f)',
    ]
    const fragment = 'fragment Labelled on One { ... @include(if: $t) { label } }'

    for (const form of forms) {
      const used = form.startsWith('...Labelled') ? fragment : ''
      const query = `query($f: Boolean!, $t: Boolean!) { one { id ${form} plain @include(if: $t) } } ${used}`
      const shown = await ask(query, { f: false, t: true })
      const hidden = await ask(query, { f: true, t: false })
      expect({ form, shown, hidden }).toEqual({
        form,
        shown: { data: { one: { id: 'i', label: '8 for 7', plain: 3 } } },
        hidden: { data: { one: { id: 'i' } } },
      })
    }
  })
})

describe('a field at the end of a chain of computed fields that goes to and fro', () => {
  it('is computed from what its own subgraph knows from elsewhere only', async () => {
    const { ask } = await openGraph({
      a: {
        sdl: `type Query { ones: [One] } type One @key(fields: "id") { id: ID! first: Int! @external
          second: Int @requires(fields: "first") third: Int @external label: String @requires(fields: "third") }`,
        respond: ({ query, variables }) => {
          if (!query.includes('_entities'))
            return { data: { ones: [{ __typename: 'One', id: '1', first: 0, second: 0 }] } }
          const rows = variables.representations as { first: number; third: number }[]
          return { data: { _entities: rows.map(({ first, third }) => ({ second: first + 1, label: `at ${third}` })) } }
        },
      },
      b: {
        sdl: 'type One @key(fields: "id") { id: ID! first: Int! }',
        respond: entities(() => ({ first: 1 })).respond,
      },
      c: {
        sdl: 'type One @key(fields: "id") { id: ID! second: Int @external third: Int @requires(fields: "second") }',
        respond: entities(({ second }) => ({ third: (second as number) + 1 })).respond,
      },
    })

    expect(await ask('{ ones { label } }')).toEqual({ data: { ones: [{ label: 'at 3' }] } })
  })
})

describe('a field that is computed from a computed field with arguments', () => {
  it('is computed from its right value', async () => {
    const { ask } = await openGraph({
      a: {
        sdl: 'type Query { one: One } type One @key(fields: "id") { id: ID! price(in: String): Int }',
        respond: ({ query }) => {
          const alias = /(\w+):price\(in:"EUR"\)/.exec(query)
          return { data: { one: { __typename: 'One', id: '1', ...(alias && { [alias[1]!]: 5 }) } } }
        },
      },
      b: {
        sdl: `type One @key(fields: "id") {
          id: ID! price(in: String): Int @external total(n: Int): Int @requires(fields: "price(in: \\"EUR\\")") }`,
        respond: ({ query, variables }) => {
          const alias = /(\w+):total\(n:2\)/.exec(query)![1]!
          const rows = variables.representations as Row[]
          return { data: { _entities: rows.map(({ price }) => ({ [alias]: (price as number) * 2 })) } }
        },
      },
      c: {
        sdl: `type One @key(fields: "id") {
          id: ID! total(n: Int): Int @external label: String @requires(fields: "total(n: 2)") }`,
        respond: entities(({ total }) => ({ label: `${total} in all` })).respond,
      },
    })

    expect(await ask('{ one { label } }')).toEqual({ data: { one: { label: '10 in all' } } })
  })
})

describe('an error at a field that the client did not select', () => {
  const openOne = (isKept: boolean) =>
    openGraph({
      a: {
        sdl: 'type Query { one: One } type One @key(fields: "id") { id: ID! size(in: String): Int }',
        respond: ({ query }) => {
          const alias = /(\w+):size/.exec(query)![1]!
          const one = isKept ? { __typename: 'One', id: '1', [alias]: null } : null
          const message = `Nothing at one.${alias}.`
          return { data: { one }, errors: [{ message, path: ['one', alias], extensions: { code: 'NO_SIZE' } }] }
        },
      },
      b: {
        sdl: `type One @key(fields: "id") {
          id: ID! size(in: String): Int @external label: String @requires(fields: "size(in: \\"cm\\")") }`,
        respond: entities(({ size }) => ({ label: `of size ${size}` })).respond,
      },
    })

  it.for([
    ['is not null', true, { label: 'of size null' }],
    ['is null', false, null],
  ] as const)('is shown at the object, without a key of the plan, if that %s', async ([, isKept, one]) => {
    const { ask } = await openOne(isKept)

    const answer = await ask('{ one { label } }')

    expect(answer.errors).toMatchObject([
      { message: 'Nothing at one.size.', path: ['one'], extensions: { code: 'NO_SIZE' } },
    ])
    expect(answer.data).toEqual({ one })
  })
})

describe('an error below a null of an abstract type', () => {
  it('has the keys of the client, of whichever type they are', async () => {
    const path = ['one', 'code__is__size', 'c']
    const { ask } = await openGraph({
      a: {
        sdl: `type Query { one: One } interface One { id: ID! } type A implements One { id: ID! code: Int }
          type B implements One { id: ID! size: Size } type Size { a: Int b: Int! }`,
        respond: () => ({
          data: { one: null },
          errors: [{ message: 'At code__is__size.', path, extensions: { code: 'X' } }],
        }),
      },
    })

    const { errors } = await ask('{ one { ... on A { id } ... on B { code: size { c: b } } } }')

    expect(errors).toMatchObject([{ message: 'At code.', path: ['one', 'code', 'c'] }])
  })
})

describe('a computed field of an interface that its subgraph knows as an object', () => {
  const cat = {
    sdl: `type Query { ping: Int } interface Thing { id: ID! name: String }
      interface Media @key(fields: "id") { id: ID! title: String! }
      type Film implements Media & Thing @key(fields: "id") { id: ID! title: String! name: String }
      type Song implements Media & Thing @key(fields: "id") { id: ID! title: String! name: String }`,
    respond: entities(({ id }) => ({
      __typename: id === '1' ? 'Film' : 'Song',
      id,
      title: `title ${id}`,
      name: `name ${id}`,
    })).respond,
  }
  const rate = (answer: (representation: Row) => Row) => ({
    sdl: `type Media @key(fields: "id") @interfaceObject {
      id: ID! title: String! @external headline(n: Int): String @requires(fields: "title") }`,
    ...entities(answer),
  })
  const listed = ['1', '2'].map((id) => ({ __typename: 'Media', id }))
  const list = {
    sdl: 'type Query { listed: [Media!]! } type Media @key(fields: "id") @interfaceObject { id: ID! }',
    respond: () => ({ data: { listed } }),
  }

  it.for([
    ['{ listed { headline } }', [{ headline: 'On title 1' }, { headline: 'On title 2' }]],
    ['{ listed { ... on Film { headline } } }', [{ headline: 'On title 1' }, {}]],
    [
      '{ listed { __typename ... on Thing { name } } }',
      [
        { __typename: 'Film', name: 'name 1' },
        { __typename: 'Song', name: 'name 2' },
      ],
    ],
  ])('is answered: %s', async ([query, expected]) => {
    const { ask } = await openGraph({ cat, list, rate: rate(({ title }) => ({ headline: `On ${title}` })) })

    expect(await ask(query as string)).toEqual({ data: { listed: expected } })
  })

  it('is asked for by the interface, once for all types', async () => {
    const representations: Row[] = []
    const rated = rate((one) => {
      representations.push(one)
      return { headline: 'News' }
    })
    const { ask } = await openGraph({ cat, list, rate: rated })

    await ask('{ listed { headline } }')

    expect(rated.asked).toEqual([
      expect.stringContaining('{_entities(representations:$representations){...on Media{headline}}}'),
    ])
    expect(representations).toEqual(['1', '2'].map((id) => ({ __typename: 'Media', id, title: `title ${id}` })))
  })

  it('is asked for with the variables of each type', async () => {
    const rated = rate(({ title }) => ({ few: `few ${title}`, many: `many ${title}` }))
    const { ask } = await openGraph({ cat, list, rate: rated })
    const query = `query($few: Int, $many: Int) { listed {
      ... on Film { few: headline(n: $few) } ... on Song { many: headline(n: $many) } } }`

    const answer = await ask(query, { few: 1, many: 9 })

    expect(answer).toEqual({ data: { listed: [{ few: 'few title 1' }, { many: 'many title 2' }] } })
    expect(rated.asked.map((text) => /\$(few|many):Int/g.exec(text)![1]).sort()).toEqual(['few', 'many'])
  })
})

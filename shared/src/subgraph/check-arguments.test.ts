import { afterAll, describe, expect, it } from 'vitest'
import { serveSmallSubgraph } from '../testing/small-subgraph.ts'

const SCHEMA = `
  input Inner { name: String @bounds(min: 1, max: 5) note: String @multiline tags: [String!] @bounds(max: 2) }
  type Query {
    echo(
      id: ID
      at: DateTime
      currency: Currency
      count: SafeInt @bounds(min: 1, max: 9)
      first: Int @bounds(max: 9)
      json: JSONObject
      inner: Inner
    ): String
    beside: String
  }
`
const { post } = await serveSmallSubgraph({
  schema: SCHEMA,
  atEnd: afterAll,
  resolvers: { Query: { echo: (_: unknown, args: object) => JSON.stringify(args), beside: () => 'answered' } },
})
const VARIABLES = `query ($id: ID, $at: DateTime, $currency: Currency, $count: SafeInt, $first: Int, $json: JSONObject,
  $inner: Inner) { echo(id: $id, at: $at, currency: $currency, count: $count, first: $first, json: $json, inner: $inner)
  beside }`
const ask = async (query: string, variables: object = {}) => (await post(query, {}, variables)).json()
const problemsOf = ({ errors }: { errors: { extensions: { problems: { path: string[]; code: string }[] } }[] }) =>
  errors.flatMap(({ extensions }) => extensions.problems.map(({ path, code }) => `${code} ${path.join('.')}`))

describe('the arguments of a field', () => {
  it.for<[string, object]>([
    ['id', { id: 'half \ud800' }],
    ['id', { id: 'a\u0000' }],
    ['id', { id: 'line\nbreak' }],
    ['id', { id: 'x'.repeat(1_001) }],
    ['at', { at: 'yesterday' }],
    ['at', { at: '2030-02-30T00:00:00Z' }],
    ['currency', { currency: 'XXX' }],
    ['currency', { currency: 7 }],
    ['count', { count: 1.5 }],
    ['count', { count: 0 }],
    ['first', { first: 10 }],
    ['json', { json: 'text' }],
    ['json.a', { json: { a: 'half \udc00' } }],
    ['json', { json: { 'half \udc00': 1 } }],
    ['json.a.0', { json: { a: [2 ** 53] } }],
    ['json.a.1.b', { json: { a: [1, { b: '\u001b' }] } }],
    ['inner.name', { inner: { name: '' } }],
    ['inner.name', { inner: { name: '      ' } }],
    ['inner.name', { inner: { name: 'sixsix' } }],
    ['inner.note', { inner: { note: '\u0007' } }],
    ['inner.tags', { inner: { tags: ['a', 'b', 'c'] } }],
    ['inner.tags.1', { inner: { tags: ['a', '\ud800'] } }],
  ])('are refused at %s: %j, and the field beside is answered', async ([path, variables]) => {
    const answer = await ask(VARIABLES, variables)

    expect(problemsOf(answer)).toEqual([`BAD_USER_INPUT ${path}`])
    expect(answer.errors[0]).toMatchObject({ path: ['echo'], extensions: { argumentPath: path.split('.') } })
    expect(answer.data).toEqual({ echo: null, beside: 'answered' })
  })

  it('are refused alike where they are written in the document', async () => {
    const answer = await ask(
      '{ echo(at: "yesterday", currency: "XXX", count: 1.5, json: "text", inner: { name: "" }) beside }',
    )

    expect(answer.data).toEqual({ echo: null, beside: 'answered' })
    expect(problemsOf(answer).map((problem) => problem.split(' ')[1])).toEqual([
      'at',
      'currency',
      'count',
      'json',
      'inner.name',
    ])
  })

  it('are accepted at the ends of their bounds, with a currency in either case', async () => {
    const inner = { name: 'fives', note: 'two\r\n\tlines 👍', tags: ['a', ''] }
    const fine = { id: '', at: '2030-01-01T00:00:00Z', currency: 'eur', count: 9, first: 0, json: { a: ['b'] }, inner }

    const answer = await ask(VARIABLES, fine)

    expect(JSON.parse(answer.data.echo)).toEqual({ ...fine, at: '2030-01-01T00:00:00.000Z', currency: 'EUR' })
  })
})

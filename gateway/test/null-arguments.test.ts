import { describe, expect, it } from 'vitest'
import { openGraph } from './graph-of-test.ts'

const SDL = `input In { n: Int! = 1 } type T { must(i: Int!): Int }
  type Query { v: Int t: T must(i: Int!, d: Int! = 7): Int input(in: In): Int needed(d: Int! = 7): Int! }`

/** A subgraph that answers 1 in each field, and refuses null as graphql-js does. */
async function open() {
  const graph = await openGraph({
    a: {
      sdl: SDL,
      respond({ query }) {
        if (query.includes('must') && query.includes('$')) throw new Error('This was not to be asked.')
        const data = Object.fromEntries(
          ['v', 'must', 'input', 'needed'].filter((name) => query.includes(name)).map((name) => [name, 1]),
        )
        return { data: query.includes('t{') ? { ...data, t: { must: 1, __typename: 'T' } } : data }
      },
    },
  })
  return graph
}

const refusedAt = (...path: string[]) => expect.objectContaining({ path, extensions: { code: 'BAD_USER_INPUT' } })

describe('null for an argument that must not be null', () => {
  it.for<[string, Record<string, unknown>, object, string[]]>([
    ['query($i: Int) { v must(i: 1, d: $i) }', { i: null }, { v: 1, must: null }, ['must']],
    ['query($i: Int = 3) { v must(i: $i) }', { i: null }, { v: 1, must: null }, ['must']],
    ['query($i: Int = 3) { t { m: must(i: $i) } v }', { i: null }, { t: { m: null }, v: 1 }, ['t', 'm']],
    ['query($i: Int) { v input(in: { n: $i }) }', { i: null }, { v: 1, input: null }, ['input']],
  ])('is an error of its field alone: %s', async ([query, variables, data, path]) => {
    const { ask } = await open()

    expect(await ask(query, variables)).toEqual({ data, errors: [refusedAt(...path)] })
  })

  it('goes up where the field must not be null', async () => {
    const { ask } = await open()

    const answer = await ask('query($i: Int) { v needed(d: $i) }', { i: null })

    expect(answer).toEqual({ data: null, errors: [refusedAt('needed')] })
  })

  it('is none where the variable is left out', async () => {
    const { ask } = await open()

    expect(await ask('query($i: Int) { v needed(d: $i) }', {})).toEqual({ data: { v: 1, needed: 1 } })
  })

  it('refuses an operation whose conditions depend on it', async () => {
    const { ask } = await open()

    const answer = await ask('query($s: Boolean = true) { v @skip(if: $s) }', { s: null })

    expect(answer).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
  })
})

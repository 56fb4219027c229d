import { buildSchema, type OperationDefinitionNode, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { compileCoercion } from './coerce-variables.ts'

const schema = buildSchema(`
  enum Size { S M }
  scalar Long
  input In { n: Int = 1 }
  type Query { ok(id: ID, x: Float, b: Boolean, t: String, s: Size, l: Long, in: In): Int }
`)

function coerce(definitions: string, variables: Record<string, unknown>) {
  const document = parse(`query (${definitions}) { ok }`)
  return compileCoercion(schema, document, document.definitions[0] as OperationDefinitionNode)(variables)
}

describe('variables have the values that their types take:', () => {
  it.for<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      '$id: ID!, $n: Int, $b: Boolean, $t: String, $s: Size!',
      { id: 'a', n: -1, b: false, t: '', s: 'M' },
      { id: 'a', n: -1, b: false, t: '', s: 'M' },
    ],
    ['$id: ID!', { id: 7, other: 1 }, { id: '7' }],
    ['$n: Int, $m: Int', { n: null }, { n: null }],
    ['$n: Int = 20, $m: Int! = 5', {}, { n: 20, m: 5 }],
    ['$n: Int = 20, $m: Int! = 5', { n: null, m: 6 }, { n: null, m: 6 }],
    [
      '$x: Float, $l: Long, $in: In, $ids: [ID!]',
      { x: 1, l: 'any', in: {}, ids: 'a' },
      { x: 1, l: 'any', in: { n: 1 }, ids: ['a'] },
    ],
    ['$constructor: Int', {}, {}],
    ['$constructor: Int', { constructor: 1 }, { constructor: 1 }],
  ])('%s of %j', ([definitions, variables, coerced]) => {
    expect({ ...coerce(definitions, variables) }).toEqual(coerced)
  })
})

describe('a value that the type does not take is refused with its place:', () => {
  it.for<[string, Record<string, unknown>]>([
    ['$id: ID!', {}],
    ['$id: ID!', { id: null }],
    ['$id: ID', { id: true }],
    ['$n: Int! = 5', { n: null }],
    ['$n: Int', { n: 2 ** 31 }],
    ['$n: Int', { n: 1.5 }],
    ['$b: Boolean', { b: 'true' }],
    ['$t: String', { t: 1 }],
    ['$s: Size', { s: 'XL' }],
    ['$s: Size', { s: 'constructor' }],
  ])('%s of %j', ([definitions, variables]) => {
    expect(() => coerce(definitions, variables)).toThrow(
      expect.objectContaining({
        errors: [expect.objectContaining({ extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }) })],
      }),
    )
  })
})

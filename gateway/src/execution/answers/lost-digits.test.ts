import { buildSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createTypeTable } from '../type-table.ts'
import { compileLostDigits } from './lost-digits.ts'

const schema = buildSchema(`
  scalar Long
  enum Size { S M }
  interface Node { id: ID! }
  type Item implements Node { id: ID! n: Int x: Float size: Size amount: Long amounts: [Long!] ids: [ID!] cost: Cost }
  type Box implements Node { id: ID! amount: Cost }
  type Cost { amount: Long note: String }
  type Query { item: Item node: Node items: [[Item]] }
`)
const types = createTypeTable(schema, schema)

function losesDigits(operation: string, text: string): boolean {
  return compileLostDigits(operation, types)(JSON.parse(text), text)
}

describe('digits of an answer are lost where', () => {
  it.for<[string, string, string]>([
    ['a custom scalar has a fraction', '{ item { amount } }', '{"item":{"amount":1.10}}'],
    ['it has an exponent', '{ item { amount } }', '{"item":{"amount":-1E5}}'],
    ['it has many digits', '{ item { amount } }', '{"item":{"amount":9007199254740993}}'],
    ['there are spaces', '{ item { amount } }', '{ "item" : { "amount"\n:\t1.0 } }'],
    ['it has an alias', '{ item { a: amount } }', '{"item":{"a":1.0}}'],
    ['it is in lists', '{ items { n amount } }', '{"items":[[{"n":1,"amount":2},{"n":1,"amount":2.0}],[]]}'],
    ['it is a list', '{ item { amounts } }', '{"item":{"amounts":[1,2.0]}}'],
    ['it is an object', '{ item { amount } }', '{"item":{"amount":{"a":1.0}}}'],
    [
      'it is in a fragment',
      '{ node { ...F } } fragment F on Box { amount { amount } }',
      '{"node":{"amount":{"amount":1.0}}}',
    ],
    [
      'it is of an entity',
      '{ _entities(representations: []) { ... on Item { amount } } }',
      '{"_entities":[null,{"amount":1.0}]}',
    ],
    ['the supergraph does not know its field', '{ item { other } }', '{"item":{"other":1.0}}'],
    ['an ID has many digits', '{ item { id } }', '{"item":{"id":9007199254740993}}'],
    ['an ID in a list has them', '{ item { ids } }', '{"item":{"ids":["1",9007199254740993]}}'],
  ])('%s', ([, operation, text]) => {
    expect(losesDigits(operation, text)).toBe(true)
  })
})

it('digits are found after any of many keys', () => {
  const keys = Array.from({ length: 40 }, (_, at) => `k${at}`)
  const operation = `{ item { ${keys.map((key) => `${key}: amount`).join(' ')} } }`
  const textWith = (lossy: string) =>
    `{"item":{${keys.map((key) => `"${key}":${key === lossy ? '1.0' : '1'}`).join(',')}}}`

  for (const key of ['k0', 'k29', 'k30', 'k39']) expect(losesDigits(operation, textWith(key))).toBe(true)
})

describe('no digits of an answer are lost where', () => {
  it.for<[string, string, string]>([
    ['nothing is answered', '{ item { amount } }', '{"item":null}'],
    ['a custom scalar is a text', '{ item { amount } }', '{"item":{"amount":"1.0"}}'],
    ['it is a small integer', '{ item { amount } }', '{"item":{"amount":-100}}'],
    [
      'the number is of another type',
      '{ item { n x size amount } }',
      '{"item":{"n":1.0,"x":1.10,"size":"S","amount":2}}',
    ],
    ['IDs have few digits', '{ item { id ids } }', '{"item":{"id":1.0,"ids":[1,"2"]}}'],
    [
      'a text looks like a number',
      '{ item { id cost { note } } }',
      '{"item":{"id":"1","cost":{"note":"\\"x\\":1.0"}}}',
    ],
  ])('%s', ([, operation, text]) => {
    expect(losesDigits(operation, text)).toBe(false)
  })
})

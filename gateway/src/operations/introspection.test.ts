import { getOperationAST, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { isIntrospection } from './introspection.ts'

const isIntrospectionOf = (text: string, operationName?: string) => {
  const document = parse(text)
  return isIntrospection(getOperationAST(document, operationName)!, document)
}

describe('an operation', () => {
  it.for([
    '{ __schema { types { name } } }',
    '{ __typename a: __type(name: "Issue") { name } }',
    '{ ...A } fragment A on Query { ... { ...B } } fragment B on Query { __schema { description } }',
  ])('asks about the schema only: %s', (text) => {
    expect(isIntrospectionOf(text)).toBe(true)
  })

  it.for([
    '{ queues { name } }',
    '{ __typename queues { __typename } }',
    '{ __typename ...A } fragment A on Query { queues { name } }',
    '{ ... @include(if: false) { queues { name } } __typename }',
    'mutation { __typename }',
  ])('asks for more: %s', (text) => {
    expect(isIntrospectionOf(text)).toBe(false)
  })

  it('is looked at alone, whatever stands beside it', () => {
    const both = 'query Schema { __typename } query Data { queues { name } }'

    expect(isIntrospectionOf(both, 'Schema')).toBe(true)
    expect(isIntrospectionOf(both, 'Data')).toBe(false)
  })
})

import { buildSchema, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { validateDocument } from './validate-document.ts'

const schema = buildSchema(`
  interface Animal { name: String! friend(of: [Int], by: By): Animal }
  input By { a: Int b: Int }
  type Dog implements Animal { name: String! friend(of: [Int], by: By): Animal barks: Boolean! legs: [Int] }
  type Cat implements Animal { name: String! friend(of: [Int], by: By): Animal purrs: Boolean! legs: Int }
  type Query { animal: Animal dog: Dog }
`)
const errorsOf = (text: string, options = {}) => validateDocument(schema, parse(text), options)

describe('fields with the same key', () => {
  it.for([
    '{ dog { name name } dog { name } }',
    '{ animal { friend(of: [1, 2], by: { a: 1, b: 2 }) { name } friend(by: { b: 2, a: 1 }, of: [1, 2]) { name } } }',
    '{ animal { ... on Dog { a: barks } ... on Cat { a: purrs } } }',
    '{ animal { ... on Dog { friend(of: 1) { name } } ... on Cat { friend(of: 2) { name } } } }',
    '{ ...A ...A } fragment A on Query { dog { name } }',
  ])('can be merged: %s', (text) => {
    expect(errorsOf(text)).toEqual([])
  })

  it.for([
    '{ dog { a: name a: barks } }',
    '{ dog { friend(of: 1) { name } friend { name } } }',
    '{ dog { friend(of: [1, 2]) { name } friend(of: [2, 1]) { name } } }',
    '{ animal { ... on Dog { a: name } ... on Cat { a: purrs } } }',
    '{ animal { ... on Dog { legs } ... on Cat { legs } } }',
    '{ animal { a: name ... on Dog { a: barks } } }',
    '{ dog { ...A } dog { a: barks } } fragment A on Dog { a: name }',
    '{ animal { ... on Dog { friend { a: name } } ... on Cat { friend { ... on Cat { a: purrs } } } } }',
  ])('are in conflict: %s', (text) => {
    expect(errorsOf(text)).toHaveLength(1)
  })
})

describe('a document', () => {
  it('has ten errors at most', () => {
    expect(errorsOf(`{ ${'a '.repeat(50)} }`)).toHaveLength(10)
    expect(
      errorsOf(`{ dog { ${Array.from({ length: 30 }, (_, i) => `a${i}: name a${i}: barks`).join(' ')} } }`),
    ).toHaveLength(10)
  })

  it('has a suggestion of the right name only if names are not secret', () => {
    expect(errorsOf('{ dogg { name } }')[0]!.message).toMatch(/Did you mean/)
    expect(errorsOf('{ dogg { name } }', { hideSuggestions: true })[0]!.message).not.toMatch(/mean/)
  })
})

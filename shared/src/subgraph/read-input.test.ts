import { buildSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createInputReader } from './read-input.ts'

const schema = buildSchema(`
  directive @bounds(min: Float = 0, max: Float!) on INPUT_FIELD_DEFINITION
  input Part @oneOf { a: Int b: String }
  enum Size { SMALL LARGE }
  input Thing { id: ID! name: String! @bounds(min: 1, max: 3) size: Size = SMALL count: Int part: Part parts: [Part!] isNew: Boolean }
  type Query { x: Int }`)
const { read, ofCells } = createInputReader({ schema }, 'Thing')
const problemsOf = (given: unknown) => read(given).problems.map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('a value of an input type', () => {
  it('is read with its defaults', () => {
    expect(read({ id: 5, name: 'x' })).toEqual({ value: { id: '5', name: 'x', size: 'SMALL' }, problems: [] })
  })

  it('is refused with every problem and its place, none of which repeats a value', () => {
    const given = {
      name: 'long',
      size: 'secret',
      count: 'secret',
      part: { a: 1, b: 'secret' },
      parts: [{ a: null }, 'secret'],
      isNew: 'secret',
      other: 'secret',
    }

    expect(problemsOf(given)).toEqual([
      'id: must be given',
      'size: must be one of SMALL, LARGE',
      'count: must be a whole number',
      'part: must have exactly one field',
      'parts.0.a: must be given',
      'parts.1: must be an object',
      'isNew: must be true or false',
      'other: is unknown',
      'name: must have 1 to 3 characters',
    ])
  })

  it('is refused if it is no object, and where it has a field of a prototype', () => {
    expect(problemsOf('secret')).toEqual([': must be an object'])
    expect(problemsOf(JSON.parse('{"id":"1","name":"x","__proto__":{"size":"LARGE"},"constructor":1}'))).toEqual([
      '__proto__: is unknown',
      'constructor: is unknown',
    ])
  })
})

describe('a row of cells', () => {
  it('is an object by the paths of its columns', () => {
    const cells = {
      id: '1',
      name: ' x',
      count: ' -7',
      isNew: 'True',
      'parts.1.b': '5',
      'parts.0.a': '6',
      'part.a': '',
      size: '',
    }

    expect(ofCells(cells)).toEqual({ id: '1', name: ' x', count: -7, isNew: true, parts: [{ a: 6 }, { b: '5' }] })
  })

  it('keeps what fits no field, to be refused', () => {
    const cells = JSON.parse('{"count":"1.5","isNew":"constructor","name.x":"1","__proto__.x":"1","":"2"}')

    expect(problemsOf(ofCells(cells))).toEqual(
      expect.arrayContaining([
        'count: must be a whole number',
        'isNew: must be true or false',
        '__proto__: is unknown',
        ': is unknown',
      ]),
    )
  })

  it('reads a column of thousands of levels as one that is unknown', () => {
    const levels = '.x'.repeat(30_000)

    expect(problemsOf(ofCells({ id: '1', [`other${levels}`]: '2', [`name${levels}`]: '3' }))).toEqual(
      expect.arrayContaining(['other: is unknown', 'name: must be text']),
    )
  })
})

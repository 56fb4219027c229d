import {
  type DocumentNode,
  getIntrospectionQuery,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionNode,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { checkShape } from './check-shape.ts'
import { LIMITS } from './limits.ts'
import { measureShape } from './measure-shape.ts'
import { PRESETS } from './presets.ts'

const shapeOf = (text: string) => {
  const document = parse(text)
  return measureShape(document, document.definitions[0] as OperationDefinitionNode)
}
const fieldsDeep = (depth: number) => shapeOf(`${'{ a '.repeat(depth)}${'}'.repeat(depth)}`)

describe('the shape of an operation', () => {
  it('counts selected fields, with fragments at each spread', () => {
    const shape = shapeOf(
      'query A ($a: Int @x) { b ...F c: d { ...F ...F @y } } fragment F on Query { d { e: f } d: g } query B { h @z { i } }',
    )

    expect(shape).toEqual({
      operations: 2,
      fragments: 1,
      directives: 3,
      aliases: 2,
      rootFields: 4,
      fields: 11,
      selections: 16,
      nesting: 4,
      depth: 3,
      introspectionDepth: 0,
    })
  })

  it('counts fields below __schema apart', () => {
    expect(shapeOf('{ a { b } ...S } fragment S on Query { __schema { types { name } } }')).toMatchObject({
      depth: 2,
      introspectionDepth: 3,
    })
  })

  it('is measured although fragments are unknown or contain themselves', () => {
    expect(shapeOf('{ a ...F ...G } fragment F on Query { b { c ...F } ...F }')).toMatchObject({ depth: 2 })
  })

  it('is measured at any depth', () => {
    const name = { kind: Kind.NAME, value: 'a' } as const
    let selection: SelectionNode = { kind: Kind.FIELD, name }
    for (let i = 1; i < 100_000; i += 1) {
      selection = { kind: Kind.FIELD, name, selectionSet: { kind: Kind.SELECTION_SET, selections: [selection] } }
    }
    const selectionSet = { kind: Kind.SELECTION_SET, selections: [selection] } as const
    const operation = { kind: Kind.OPERATION_DEFINITION, operation: 'query', selectionSet } as OperationDefinitionNode
    const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation] }

    expect(measureShape(document, operation)).toMatchObject({ depth: 100_000, fields: 100_000 })
  })

  it('is still a number where fragments grow beyond all numbers', () => {
    const fragments = Array.from({ length: 99 }, (_, i) => `fragment F${i} on Query { ${`...F${i + 1} `.repeat(20)} }`)

    expect(shapeOf(`{ ...F0 } ${fragments.join(' ')} fragment F99 on Query { a }`).fields).toBe(Number.MAX_SAFE_INTEGER)
  })
})

describe('a caller', () => {
  it('may ask as deeply as the preset allows, and no deeper', () => {
    expect(() => checkShape(fieldsDeep(5), PRESETS.strict)).not.toThrow()
    expect(() => checkShape(fieldsDeep(6), PRESETS.strict)).toThrow(
      expect.objectContaining({ code: 'QUERY_TOO_DEEP', facts: { depth: 6, limit: 5 } }),
    )
    expect(() => checkShape(fieldsDeep(15), PRESETS.relaxed)).not.toThrow()
  })

  it('may send the usual introspection under every preset', () => {
    expect(() => checkShape(shapeOf(getIntrospectionQuery()), PRESETS.strict)).not.toThrow()
  })

  it.for<keyof ReturnType<typeof shapeOf> & keyof typeof LIMITS>([
    'operations',
    'fragments',
    'directives',
    'aliases',
    'rootFields',
    'fields',
    'selections',
    'nesting',
    'introspectionDepth',
  ])('may reach the limit of %s, and not pass it', (what) => {
    const shape = shapeOf('{ a }')

    expect(() => checkShape({ ...shape, [what]: LIMITS[what] }, PRESETS.strict)).not.toThrow()
    expect(() => checkShape({ ...shape, [what]: LIMITS[what] + 1 }, PRESETS.strict)).toThrow(
      expect.objectContaining({
        code: 'QUERY_TOO_LARGE',
        facts: { what, size: LIMITS[what] + 1, limit: LIMITS[what] },
      }),
    )
  })
})

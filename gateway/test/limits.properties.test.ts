import fc from 'fast-check'
import {
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  OverlappingFieldsCanBeMergedRule,
  parse,
  type SelectionSetNode,
  validate,
} from 'graphql'
import { getComplexity } from 'graphql-query-complexity'
import { describe, expect, it } from 'vitest'
import { findFieldConflicts } from '../src/operations/documents/field-conflicts.ts'
import { compileCost } from '../src/operations/limits/compile-cost.ts'
import { createCostModel } from '../src/operations/limits/cost-model.ts'
import { explainCost } from '../src/operations/limits/explain-cost.ts'
import { measureShape } from '../src/operations/limits/measure-shape.ts'
import { readClientSchema } from './client-schema.ts'
import { randomDocuments } from './random-documents.ts'

const { schema, supergraph } = readClientSchema()
const model = createCostModel(schema, supergraph)
const documents = randomDocuments(schema)
const pages = fc.option(fc.integer({ min: -5, max: 2_147_483_647 }), { nil: undefined })
const variables = fc.record({ no: fc.boolean(), yes: fc.boolean(), n: pages, m: pages }, { requiredKeys: ['no'] })

const read = (text: string) => {
  const document = parse(text, { noLocation: true })
  return { document, operation: document.definitions[0] as OperationDefinitionNode }
}

describe('the cost of any operation', () => {
  it('is at most what the library computes, which counts fields before they are merged, and the same from memory', () => {
    fc.assert(
      fc.property(documents, fc.array(variables, { minLength: 1, maxLength: 4 }), (text, tuples) => {
        const { document, operation } = read(text)
        // Refused before its cost is computed; of fields that cannot be merged any one may be counted.
        fc.pre(findFieldConflicts(schema, document).length === 0)
        const costOf = compileCost(model, document, operation)

        for (const tuple of tuples) {
          const most = getComplexity({ schema, query: document, variables: tuple, estimators: model.estimators })
          const cost = costOf(tuple)
          expect(cost).toBeLessThanOrEqual(most)
          expect(costOf(tuple)).toBe(cost)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('never falls when a page grows', () => {
    fc.assert(
      fc.property(documents, variables, fc.nat(1_000_000), fc.nat(1_000_000), (text, tuple, page, more) => {
        const { document, operation } = read(text)
        const costOf = compileCost(model, document, operation)

        expect(costOf({ ...tuple, n: page + more })).toBeGreaterThanOrEqual(costOf({ ...tuple, n: page }))
      }),
      { numRuns: 150 },
    )
  })

  it('is explained by the same figure, and by fields that are dear in this order', () => {
    fc.assert(
      fc.property(documents, variables, (text, tuple) => {
        const { document, operation } = read(text)
        const { cost, fields } = explainCost(model, document, operation, tuple)

        expect(cost).toBe(compileCost(model, document, operation)(tuple))
        expect(fields.map((field) => field.cost)).toEqual(fields.map((field) => field.cost).sort((a, b) => b - a))
        expect(fields.length).toBeLessThanOrEqual(5)
      }),
      { numRuns: 100 },
    )
  })
})

describe('the shape of any operation', () => {
  it('is what is found by following every fragment', () => {
    fc.assert(
      fc.property(documents, (text) => {
        const { document, operation } = read(text)
        const { depth, fields } = measureShape(document, operation)

        expect({ depth, fields }).toEqual(naiveShape(document, operation.selectionSet))
      }),
      { numRuns: 200 },
    )
  })
})

function naiveShape(document: DocumentNode, { selections }: SelectionSetNode): { depth: number; fields: number } {
  let depth = 0
  let fields = 0
  for (const selection of selections) {
    const target =
      selection.kind === Kind.FRAGMENT_SPREAD
        ? document.definitions.find(
            (one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === selection.name.value,
          )
        : selection
    const set = target && 'selectionSet' in target ? target.selectionSet : undefined
    const inner = set ? naiveShape(document, set) : { depth: 0, fields: 0 }
    const own = Number(selection.kind === Kind.FIELD)
    depth = Math.max(depth, inner.depth + own)
    fields += inner.fields + own
  }
  return { depth, fields }
}

describe('the fields of any operation', () => {
  it('are in conflict exactly where graphql-js says so', () => {
    let conflicts = 0
    fc.assert(
      fc.property(documents, (text) => {
        const { document } = read(text)
        const expected = validate(schema, document, [OverlappingFieldsCanBeMergedRule]).length > 0
        if (expected) conflicts += 1

        expect(findFieldConflicts(schema, document).length > 0).toBe(expected)
      }),
      { numRuns: 500 },
    )
    expect(conflicts).toBeGreaterThan(0)
  })
})

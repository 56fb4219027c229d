import { getIntrospectionQuery, type OperationDefinitionNode, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { readClientSchema } from '../../../test/client-schema.ts'
import { compileCost } from './compile-cost.ts'
import { createCostModel } from './cost-model.ts'
import { explainCost } from './explain-cost.ts'

const { schema, supergraph } = readClientSchema()
const model = createCostModel(schema, supergraph)

const read = (text: string) => {
  const document = parse(text)
  return [document, document.definitions[0] as OperationDefinitionNode] as const
}
const costOf = (text: string, variables = {}, by = model) => compileCost(by, ...read(text))(variables)

describe('the cost of an operation', () => {
  it.for<[string, number]>([
    ['{ __typename }', 0],
    ['{ issue(id: "1") { id type } }', 1],
    ['{ issue(id: "1") { decision { policy { skill } } } }', 3],
    ['{ issues { nodes { id } } }', 20 + 20],
    ['{ issues { nodes { id } pageInfo { endCursor } totalCount } }', 20 + 20],
    ['{ issues(first: 50) { nodes { decision { id } } } }', 20 + 50 * 2],
    ['{ issues(last: 5) { edges { node { id } } } }', 20 + 5 * 2],
    ['{ issues(first: 3, last: 5) { nodes { id } } }', 20 + 5],
    ['{ issues(first: 2) { nodes { auditTrail { nodes { id } } } } }', 20 + 2 * (1 + 5 + 20)],
    ['{ issues(first: -7) { nodes { id } } }', 20 + 1],
    ['{ queues { counts { waiting } } }', 20 * 2],
    ['{ verifyAuditChain { valid } }', 500],
    ['mutation { retryIssue(id: "1") { issue { id } } }', 51],
    ['mutation { createIssues(inputs: []) { results { issue { id } } } }', 50 + 100 * 2],
    ['{ issue(id: "1") { details { ... on DisputeDetails { reason } } transaction { amount { amount } } } }', 3],
    ['{ issue(id: "1") { customer @skip(if: true) { id } ...A } } fragment A on Issue { customer { id } }', 2],
    ['{ issue(id: "1") { id } issue(id: "1") { type } }', 1],
    ['{ issue(id: "1") { customer { id } ...A ...A } } fragment A on Issue { customer { riskScore } }', 2],
    [
      '{ issue(id: "1") { customer { id } } ...A } fragment A on Query { issue(id: "1") { ... { customer { id } } } }',
      2,
    ],
    ['{ issue(id: "1") { customer { id } } other: issue(id: "1") { customer { id } } }', 4],
    ['{ issue(id: "1") { details { ... on DisputeDetails { reason } ... on DisputeDetails { reason } } } }', 2],
  ])('%s: %i', ([text, cost]) => {
    expect(costOf(text)).toBe(cost)
  })

  it('depends on the variables that name a page or a condition, their defaults included', () => {
    const text =
      'query ($n: Int = 3, $more: Boolean!, $of: ID) { issues(first: $n, filter: { customerId: $of }) { nodes { id customer @include(if: $more) { id } } } }'
    const cost = compileCost(model, ...read(text))

    expect(cost({ more: false })).toBe(23)
    expect(cost({ more: true })).toBe(26)
    expect(cost({ more: true, n: 10 })).toBe(40)
    expect(cost({ more: true, n: 10, of: 'c' })).toBe(40)
    expect(cost({ more: true, n: null })).toBe(60)
  })

  it('lets everybody but the strictest ask for the whole schema', () => {
    expect(costOf(getIntrospectionQuery())).toBe(548)
  })

  it('is a number, however large the pages are', () => {
    const text = '{ issues(first: 2147483647) { nodes { customer { issues(first: 2147483647) { nodes { id } } } } } }'

    expect(costOf(text)).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('cannot be computed for variables that do not fit', () => {
    const text = 'query ($n: Int) { issues(first: $n) { nodes { id } } }'

    for (const n of ['7', 1.5, 2 ** 40, {}]) {
      expect(() => costOf(text, { n })).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }))
    }
  })

  it('is that of the operation which is run, not of the others in the document', () => {
    const document = parse('query A { queues { name } } query B { issue(id: "1") { id } }')

    expect(compileCost(model, document, document.definitions[1] as OperationDefinitionNode)({})).toBe(1)
  })
})

describe('a supergraph', () => {
  it('may use the directives under other names', () => {
    const renamed = supergraph
      .replaceAll('@listSize(', '@pages(')
      .replaceAll('@cost(', '@weight(')
      .replace(
        'import: ["@listSize"]',
        'import: [{ name: "@cost", as: "@weight" }, { name: "@listSize", as: "@pages" }]',
      )
    const other = createCostModel(schema, renamed)

    expect(costOf('{ issues(first: 50) { nodes { decision { id } } } }', {}, other)).toBe(120)
  })

  it('may do without: an object costs 1, and a list counts as 10', () => {
    const plain = createCostModel(schema, supergraph.replace(/(?<!directive) @(cost|listSize)\([^)]*\)/g, ''))

    expect(costOf('{ issues(first: 50) { nodes { decision { id } } } }', {}, plain)).toBe(1 + 10 * 2)
  })
})

describe('an explanation', () => {
  it('names the five fields that add most, with all they are multiplied by', () => {
    const text =
      '{ issues(first: 10) { nodes { ...A ...A customer { id } } } more: queues { name } } fragment A on Issue { auditTrail(first: 4) { nodes { id } } }'

    expect(explainCost(model, ...read(text), {})).toEqual({
      cost: 20 + 10 * (1 + 5 + 4 + 1) + 20,
      fields: [
        { path: 'issues.nodes.auditTrail', cost: 50 },
        { path: 'issues.nodes.auditTrail.nodes', cost: 40 },
        { path: 'issues', cost: 20 },
        { path: 'more', cost: 20 },
        { path: 'issues.nodes', cost: 10 },
      ],
    })
  })

  it('leaves out skipped fields', () => {
    const text =
      'query ($no: Boolean!) { queues { name } ...A @include(if: $no) ...B } fragment A on Query { ...B } fragment B on Query { issue(id: "1") { id } }'

    expect(explainCost(model, ...read(text), { no: false })).toEqual({
      cost: 21,
      fields: [
        { path: 'queues', cost: 20 },
        { path: 'issue', cost: 1 },
      ],
    })
  })
})

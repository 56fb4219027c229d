import { buildSchema, Kind, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { argumentsOf, keyOf, rootFieldOf } from './root-field.ts'

function keyFor(query: string, variables: Record<string, unknown> = {}, operationName: string | null = null): string {
  const document = parse(query)
  const operation = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION)!
  const root = rootFieldOf(document, operation.selectionSet)
  return keyOf(document, root, { query, variables, operationName }, 'admin')
}

const MOVES = 'subscription($c: String) { issueStatusChanged(after: $c) { to } }'
const PAGE = `subscription($c: String, $first: Int) {
  issueStatusChanged(customerId: "cust_042") { to issue { customer { issues(first: $first, after: $c) { nodes { id } } } } }
}`
const BOTH = `subscription($c: String) {
  issueStatusChanged(after: $c) { issue { customer { issues(first: 2, after: $c) { nodes { id } } } } }
}`
const SPREAD = `subscription($c: String) { ...A }
  fragment A on Subscription { issueStatusChanged(after: $c) { issue { ...B } } }
  fragment B on Issue { customer { issues(after: "x") { nodes { id } } } }`

describe('the key of a subscription', () => {
  it.for<[string, string]>([
    ['as a variable', MOVES],
    ['in a fragment', SPREAD],
  ])('is the same wherever it begins, with `after` given %s', ([, query]) => {
    expect(keyFor(query, { c: 'c1' })).toBe(keyFor(query, { c: 'c2' }))
    expect(keyFor(query, { c: 'c1' })).toBe(keyFor(query, {}))
  })

  it('is the same wherever it begins, with `after` given in the text', () => {
    const from = (cursor: string) => keyFor(`subscription { issueStatusChanged(after: "${cursor}") { to } }`)

    expect(from('c1')).toBe(from('c2'))
  })

  it.for<[string, string, object, object]>([
    ['another page of a field below', PAGE, { c: 'c1' }, { c: 'c2' }],
    ['another size of that page', PAGE, { c: 'c1', first: 1 }, { c: 'c1', first: 2 }],
    ['a cursor that both use', BOTH, { c: 'c1' }, { c: 'c2' }],
    ['no cursor at all', PAGE, { c: 'c1' }, {}],
  ])('is another for %s', ([, query, one, other]) => {
    expect(keyFor(query, { ...one })).not.toBe(keyFor(query, { ...other }))
  })

  it('is another for another argument of the root, another alias and another text below', () => {
    const texts = ['a: issueStatusChanged { to }', 'issueStatusChanged { to }', 'issueStatusChanged { from }']
    const keys = [...texts, 'issueStatusChanged(customerId: "c") { to }', SPREAD].map((text) =>
      keyFor(text === SPREAD ? text.replace('"x"', '"y"') : `subscription { ${text} }`),
    )

    expect(new Set([...keys, keyFor(SPREAD)]).size).toBe(6)
  })
})

describe('the arguments of a subscription', () => {
  const schema = buildSchema(
    'type Query { a: Int } type Subscription { moved(issueId: ID, to: [String!], after: String): Int }',
  )
  const read = (variables: Record<string, unknown>) => {
    const document = parse('subscription ($i: ID, $t: [String!]) { moved(issueId: $i, to: $t) }')
    const [operation] = document.definitions
    if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('This is not an operation.')
    return argumentsOf(schema, rootFieldOf(document, operation.selectionSet), variables)
  }

  it.for<[string, Record<string, unknown>, string[][]]>([
    ['half of a surrogate pair', { i: 'iss_\ud800' }, [['issueId']]],
    ['a control character in a list', { t: ['PENDING', 'FAI\u0000LED'] }, [['to', '1']]],
    ['more characters than any id has', { i: 'i'.repeat(1_001) }, [['issueId']]],
    ['several problems', { i: '\u001b[2J', t: ['\udfff'] }, [['issueId'], ['to', '0']]],
  ])('are refused with %s', ([, variables, paths]) => {
    const problems = paths.map((path) => expect.objectContaining({ path }))

    expect(() => read(variables)).toThrow(expect.objectContaining({ facts: expect.objectContaining({ problems }) }))
  })

  it('are given as they are without', () => {
    expect(read({ i: 'iss_1', t: ['PENDING'] })).toEqual({ issueId: 'iss_1', to: ['PENDING'] })
  })
})

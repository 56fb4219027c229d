import { buildSchema, type GraphQLError, getVariableValues, Kind, parse, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import { pathOfNode, pathsOfVariables } from './argument-paths.ts'

const schema = buildSchema(`
  enum Color { RED GREEN }
  input Inner { color: Color! count: Int list: [Color!] inner: Inner }
  type Query { paint(color: Color, inner: Inner, list: [Int!]): String again: Query }
`)

describe('the path of a value that is written in the document', () => {
  it.for<[string, readonly string[] | null]>([
    ['{ paint(color: BLUE) }', ['color']],
    ['{ again { paint(inner: { color: "RED" }) } }', ['inner', 'color']],
    ['{ paint(inner: { color: RED, inner: { color: RED, count: "x" } }) }', ['inner', 'inner', 'count']],
    ['{ paint(inner: { color: RED, list: [RED, BLUE] }) }', ['inner', 'list', '1']],
    ['{ paint(list: [1, 2, "x"]) }', ['list', '2']],
    ['{ paint(inner: { color: RED, none: 1 }) }', ['inner', 'none']],
    ['{ paint(inner: { count: 1 }) }', ['inner']],
    ['query ($c: Color = BLUE) { paint(color: $c) }', null],
    ['{ __typename @skip(if: 1) }', null],
  ])('%s: %j', ([text, path]) => {
    const document = parse(text)
    const [error] = validate(schema, document) as GraphQLError[]

    expect(pathOfNode(document, error!.nodes![0]!)).toEqual(path)
  })
})

describe('the paths of variables', () => {
  const text = `query ($color: Color!, $inner: Inner, $list: [Int!]) {
    paint(inner: { color: $color, inner: $inner }, list: $list) }`
  const document = parse(text)
  const definitions = document.definitions.flatMap((one) =>
    one.kind === Kind.OPERATION_DEFINITION ? (one.variableDefinitions ?? []) : [],
  )

  it.for<[Record<string, unknown>, readonly (readonly string[])[]]>([
    [{ color: 'RED' }, []],
    [{}, [['inner', 'color']]],
    [{ color: null }, [['inner', 'color']]],
    [{ color: 'BLUE' }, [['inner', 'color']]],
    [
      { color: 'RED', inner: { color: 'BLUE', count: 'x' } },
      [
        ['inner', 'inner', 'color'],
        ['inner', 'inner', 'count'],
      ],
    ],
    [{ color: 'RED', inner: {} }, [['inner', 'inner']]],
    [
      { color: 'RED', list: [1, 'x', null] },
      [
        ['list', '1'],
        ['list', '2'],
      ],
    ],
  ])('%j: %j, one for each error of graphql-js', ([values, paths]) => {
    const { errors = [] } = getVariableValues(schema, definitions, values)

    expect(pathsOfVariables(schema, { document, definitions, values })).toEqual(paths)
    expect(errors).toHaveLength(paths.length)
  })
})

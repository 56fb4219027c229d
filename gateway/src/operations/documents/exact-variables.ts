import {
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isInputObjectType,
  isListType,
  isScalarType,
  isSpecifiedScalarType,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql'
import { isExact, toNumber } from '../../execution/exact-json.ts'
import { isRow, type Row } from '../../execution/json.ts'

/**
 * Compiles the reading of an operation's variables, in which only custom scalars keep exact numbers: the types that
 * GraphQL specifies have those of JavaScript, and an ID is a text.
 */
export function compileVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
): (variables: Row) => Row {
  const types = new Map(
    variableDefinitions.map(({ variable, type }) => [
      variable.name.value,
      typeFromAST(schema, type as never) as GraphQLInputType | undefined,
    ]),
  )
  return (variables) => {
    let read = variables
    for (const [name, type] of types) {
      if (!Object.hasOwn(variables, name)) continue
      const value = variables[name]
      if (typeof value !== 'object' || value === null || type === undefined) continue
      const own = readAs(value, type)
      if (own !== value) read = { ...read, [name]: own }
    }
    return read
  }
}

function readAs(value: unknown, given: GraphQLInputType): unknown {
  if (typeof value !== 'object' || value === null) return value
  const type = getNullableType(given)
  if (isListType(type))
    return Array.isArray(value) ? value.map((item) => readAs(item, type.ofType)) : readAs(value, type.ofType)
  if (isInputObjectType(type)) {
    const fields = type.getFields()
    if (!isRow(value)) return toNumber(value)
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, fields[name] ? readAs(inner, fields[name].type) : inner]),
    )
  }
  if (isScalarType(type) && !isSpecifiedScalarType(type)) return value
  if (isExact(value) && String(type) === 'ID' && /^-?\d+$/.test(value.rawJSON)) return value.rawJSON
  return toNumber(value)
}

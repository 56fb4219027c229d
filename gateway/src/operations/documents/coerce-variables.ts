import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  getVariableValues,
  isEnumType,
  isInputType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  type VariableDefinitionNode,
  valueFromAST,
} from 'graphql'
import type { Row } from '../../execution/json.ts'
import { RefusedOperationError } from '../refusal.ts'
import { pathsOfVariables } from './argument-paths.ts'
import { toVariableProblem } from './argument-problem.ts'

/** The values of an operation's variables as their types take them, with defaults. @throws RefusedOperationError */
export type Coerce = (variables: Row) => Readonly<Record<string, unknown>>

const ERRORS_MAX = 10
const NOTHING = Object.freeze({})

/**
 * Compiles the coercion of an operation's variables. Usual values, which are a text, a number or a boolean of their type,
 * need no library; all others, and all errors, are those of graphql-js.
 */
export function compileCoercion(
  schema: GraphQLSchema,
  document: DocumentNode,
  { variableDefinitions: definitions = [] }: OperationDefinitionNode,
): Coerce {
  if (definitions.length === 0) return () => NOTHING
  const usual = definitions.map((definition) => toUsual(schema, definition))

  const coerceInFull: Coerce = (variables) => {
    const { coerced, errors } = getVariableValues(schema, definitions, variables, { maxErrors: ERRORS_MAX })
    if (errors === undefined) return coerced
    const paths = pathsOfVariables(schema, { document, definitions, values: variables })
    throw new RefusedOperationError(errors.map((error, index) => toVariableProblem(error, paths[index] ?? null)))
  }
  return (variables) => {
    const coerced: Row = {}
    for (const { name, isUsual, whenMissing } of usual) {
      const value = variables[name]
      if (value !== undefined) {
        if (!isUsual(value)) return coerceInFull(variables)
        coerced[name] = value
      } else if (whenMissing === 'an error') return coerceInFull(variables)
      else if (whenMissing !== 'nothing') coerced[name] = whenMissing.value
    }
    return coerced
  }
}

type Usual = Readonly<{
  name: string
  isUsual: (value: unknown) => boolean
  whenMissing: Readonly<{ value: unknown }> | 'nothing' | 'an error'
}>

function toUsual(schema: GraphQLSchema, { variable, type: node, defaultValue }: VariableDefinitionNode): Usual {
  const name = variable.name.value
  const type = typeFromAST(schema, node as never)
  // Such a name would be read from the prototype of the variables.
  if (!isInputType(type) || name in Object.prototype) return { name, isUsual: () => false, whenMissing: 'an error' }
  const isOfType = usualValuesOf(getNullableType(type))
  if (isNonNullType(type) && defaultValue === undefined) return { name, isUsual: isOfType, whenMissing: 'an error' }
  return {
    name,
    isUsual: isNonNullType(type) ? isOfType : (value) => value === null || isOfType(value),
    whenMissing: defaultValue === undefined ? 'nothing' : { value: valueFromAST(defaultValue, type) },
  }
}

const USUAL_VALUES: Readonly<Record<string, Usual['isUsual']>> = {
  ID: (value) => typeof value === 'string',
  String: (value) => typeof value === 'string',
  Boolean: (value) => typeof value === 'boolean',
  Int: (value) => typeof value === 'number' && (value | 0) === value,
}

function usualValuesOf(type: GraphQLInputType): Usual['isUsual'] {
  if (isEnumType(type)) {
    const names = new Set<unknown>(type.getValues().flatMap(({ name, value }) => (value === name ? name : [])))
    return (value) => names.has(value)
  }
  return 'name' in type && Object.hasOwn(USUAL_VALUES, type.name) ? USUAL_VALUES[type.name]! : () => false
}

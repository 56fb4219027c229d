import {
  coerceInputValue,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLResolveInfo,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
} from 'graphql'
import type { InputProblem } from '../errors.ts'
import { findProblems } from './check-arguments.ts'
import { readCells } from './read-cells.ts'

type Read = Readonly<{ value: unknown; problems: readonly [] } | { value: null; problems: readonly InputProblem[] }>

/** As many as help to mend a value. */
const PROBLEMS_MAX = 20
/** A name of the caller may be a whole document. */
const NAME_LENGTH_MAX = 100

/** The part of the arguments of a resolver that knows the schema. */
export type SchemaInfo = Pick<GraphQLResolveInfo, 'schema'>

export type InputReader = Readonly<{
  read: (given: unknown) => Read
  /** The JSON of a row of cells: see read-cells.ts. */
  ofCells: (cells: Readonly<Record<string, unknown>>) => unknown
}>

/** Reads JSON as an input type of the schema. */
export function createInputReader({ schema }: SchemaInfo, typeName: string): InputReader {
  const type = schema.getType(typeName)
  if (!isInputObjectType(type)) throw new Error(`${typeName} is not an input type.`)
  return { read: (given) => readInput(type, given), ofCells: (cells) => readCells(type, cells) }
}

/**
 * Reads JSON as a value of an input type, by the rules for a variable of a request, but with all of its problems and their
 * places. No problem repeats a value of the caller, which may be personal.
 */
function readInput(type: GraphQLInputObjectType, given: unknown): Read {
  const problems: InputProblem[] = []
  const value = coerceInputValue(given, type, (path, _value, { message }) => {
    problems.push(toProblem(type, path.map(String), message))
  })
  // A field that cannot be read is missing in the value.
  problems.push(...findProblems(type, value, []))
  return problems.length === 0 ? { value, problems: [] } : { value: null, problems: problems.slice(0, PROBLEMS_MAX) }
}

const OF_FIELD = /^Field "([^"]*)" (of required type|is not defined|must be non-null)/
const OF_OBJECT = [
  ['Expected non-nullable', 'must be given'],
  ['Exactly one key', 'must have exactly one field'],
] as const

function toProblem(type: GraphQLInputObjectType, path: readonly string[], reason: string): InputProblem {
  const [, field, lack] = OF_FIELD.exec(reason) ?? []
  if (lack === 'must be non-null') return { path, message: 'must be given' }
  if (field !== undefined) {
    return {
      path: [...path, field.slice(0, NAME_LENGTH_MAX)],
      message: lack === 'is not defined' ? 'is unknown' : 'must be given',
    }
  }
  const message = OF_OBJECT.find(([start]) => reason.startsWith(start))?.[1]
  return { path, message: message ?? `must be ${nameOf(typeAt(type, path))}` }
}

function typeAt(type: GraphQLInputType, path: readonly string[]): GraphQLInputType {
  const [name, ...deeper] = path
  const named = getNamedType(type)
  if (name === undefined) return getNullableType(type)
  // The place of an element does not change the named type.
  const field = isInputObjectType(named) ? named.getFields()[name] : undefined
  return typeAt(field?.type ?? type, deeper)
}

const NAMES: Readonly<Record<string, string>> = {
  String: 'text',
  ID: 'text',
  Int: 'a whole number',
  SafeInt: 'a whole number',
  Boolean: 'true or false',
}

function nameOf(type: GraphQLInputType): string {
  const named = getNamedType(type)
  if (isEnumType(named))
    return `one of ${named
      .getValues()
      .map(({ name }) => name)
      .join(', ')}`
  return isLeafType(named) ? (NAMES[named.name] ?? `a ${named.name}`) : 'an object'
}

import {
  defaultFieldResolver,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import { type InputProblem, refuseProblems } from '../errors.ts'
import { hasDirective, integerArgumentOf } from './directives.ts'
import { InvalidValue } from './invalid-value.ts'
import { findTextProblem } from './text-problem.ts'

/** Of texts and lists without `@bounds`: many times the length of an id or a cursor, and of a list of filters. */
const BOUNDS = { min: 0, max: 1_000 }

type Input = GraphQLArgument | GraphQLInputField
type Value = Readonly<{ value: unknown; path: readonly string[] }>
/** Collects the problems of one value. */
type Check = (value: Value, problems: InputProblem[]) => void
type Bounds = Readonly<{ min: number; max: number }>

/**
 * Checks the arguments of every field, with all problems at once and the path of each: `@bounds`, texts that cannot be
 * stored or shown (see text-problem.ts), and scalars that refuse their value. An argument with `@rows` is left to
 * its resolver, but for the length of a list: see `findRowProblems`.
 */
export function checkArguments(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    if (type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) guardField(field)
  }
  return schema
}

function guardField(field: GraphQLField<unknown, unknown>): void {
  const check = checkOfArguments(field)
  if (check === null) return
  const resolve = field.resolve ?? defaultFieldResolver
  field.resolve = (source, args, context, info) => {
    check(args)
    return resolve(source, args, context, info)
  }
}

/** Checks the values of a field's arguments; null where all are fine. The function throws BadUserInputError. */
export function checkOfArguments({ args }: Pick<GraphQLField<unknown, unknown>, 'args'>) {
  const checks = args.flatMap((argument) => {
    const check = hasDirective(argument, 'rows') ? checkOfList(null, boundsOf(argument) ?? BOUNDS) : checkOf(argument)
    return check === null ? [] : [{ name: argument.name, check }]
  })
  if (checks.length === 0) return null
  return (values: Readonly<Record<string, unknown>>): void => {
    const problems: InputProblem[] = []
    for (const { name, check } of checks) check({ value: values[name], path: [name] }, problems)
    refuseProblems(problems)
  }
}

/** The field that a resolver answers. */
export type FieldInfo = Pick<GraphQLResolveInfo, 'parentType' | 'fieldName'>

/** The problems of each value of an argument with `@rows`; paths begin with `input`, the name of the value. */
export function findRowProblems(
  { parentType, fieldName }: FieldInfo,
  argumentName: string,
  rows: readonly unknown[],
): readonly (readonly InputProblem[])[] {
  const argument = parentType.getFields()[fieldName]?.args.find(({ name }) => name === argumentName)
  const type = argument && getNamedType(argument.type)
  if (!isInputObjectType(type)) throw new Error(`${fieldName}(${argumentName}:) has no input objects.`)
  return rows.map((row) => findProblems(type, row, ['input']))
}

/** The problems of one input object, which stands at `path`. */
export function findProblems(
  type: GraphQLInputObjectType,
  value: unknown,
  path: readonly string[],
): readonly InputProblem[] {
  const problems: InputProblem[] = []
  checkOfObject(type)({ value, path }, problems)
  return problems
}

/** Compiled once for each argument and input field; null where every value of the type is fine. */
const checks = new WeakMap<Input, Check | null>()

function checkOf(input: Input): Check | null {
  const known = checks.get(input)
  if (known !== undefined) return known
  const check = checkOfType(input.type, input, boundsOf(input))
  checks.set(input, check)
  return check
}

function checkOfType(type: GraphQLInputType, input: Input, bounds: Bounds | null): Check | null {
  if (isNonNullType(type)) return checkOfType(type.ofType, input, bounds)
  if (isListType(type)) return checkOfList(checkOfType(type.ofType, input, null), bounds ?? BOUNDS)
  if (isInputObjectType(type)) return checkOfObject(type)
  switch (type.name) {
    case 'ID':
    case 'String':
      return checkOfText(bounds ?? BOUNDS, { isMultiline: hasDirective(input, 'multiline') })
    case 'Int':
    case 'SafeInt':
      return checkOfNumber(bounds)
    case 'Currency':
    case 'DateTime':
    case 'EmailAddress':
      return (value, problems) => void isValid(value, problems)
    case 'JSONObject':
      return checkOfJson
    default:
      return null
  }
}

function checkOfObject(type: GraphQLInputObjectType): Check {
  const fields = Object.values(type.getFields())
  return ({ value, path }, problems) => {
    if (!isRecord(value)) return
    for (const field of fields) {
      const inner = value[field.name]
      if (inner != null) checkOf(field)?.({ value: inner, path: [...path, field.name] }, problems)
    }
  }
}

function checkOfList(checkElement: Check | null, { min, max }: Bounds): Check {
  return ({ value, path }, problems) => {
    if (!Array.isArray(value)) return
    if (value.length < min || value.length > max) {
      problems.push({ path, message: `must have ${min} to ${max} elements` })
    } else if (checkElement !== null) {
      value.forEach((element, index) => {
        checkElement({ value: element, path: [...path, String(index)] }, problems)
      })
    }
  }
}

function checkOfText({ min, max }: Bounds, options: Readonly<{ isMultiline: boolean }>): Check {
  return ({ value, path }, problems) => {
    if (typeof value !== 'string') return
    const isBlank = min > 0 && value.trim() === ''
    const isTooLong = value.length < min || value.length > max
    const problem = isBlank || isTooLong ? `must have ${min} to ${max} characters` : findTextProblem(value, options)
    if (problem !== null) problems.push({ path, message: problem })
  }
}

function checkOfNumber(bounds: Bounds | null): Check {
  return (given, problems) => {
    if (!isValid(given, problems) || bounds === null || typeof given.value !== 'number') return
    const { min, max } = bounds
    if (given.value < min || given.value > max) {
      problems.push({ path: given.path, message: `must be from ${min} to ${max}` })
    }
  }
}

/** Every text within, names included, and every number: larger ones are rounded, and JSON has no infinity. */
function checkOfJson(given: Value, problems: InputProblem[]): void {
  if (!isValid(given, problems)) return
  const { value, path } = given
  if (typeof value === 'number' && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
    problems.push({ path, message: 'must be a number within ±(2^53 − 1)' })
  }
  if (typeof value === 'string') checkOfText(JSON_BOUNDS, { isMultiline: false })(given, problems)
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    const problem = findTextProblem(name)
    if (problem !== null) problems.push({ path, message: `${problem} in a name` })
    else checkOfJson({ value: inner, path: [...path, name] }, problems)
  }
}
/** The whole is bounded by who reads it. */
const JSON_BOUNDS = { min: 0, max: Number.MAX_SAFE_INTEGER }

function isValid({ value, path }: Value, problems: InputProblem[]): boolean {
  if (!(value instanceof InvalidValue)) return true
  problems.push({ path, message: value.problem })
  return false
}

function boundsOf(input: Input): Bounds | null {
  const max = integerArgumentOf(input, 'bounds', 'max')
  return max === null ? null : { min: integerArgumentOf(input, 'bounds', 'min') ?? 0, max }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

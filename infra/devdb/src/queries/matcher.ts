import { CommandError, unsupported } from '../errors.ts'
import {
  type Fields,
  isNumber,
  isObject,
  lookUp,
  numericType,
  TYPE_ORDER,
  toNumber,
  typeOf,
  type Value,
} from '../values/bson.ts'
import { encodeKey, textOf, toRegExpParts } from '../values/keys.ts'
import { listIn, operandsAt, toPath, Whole } from '../values/paths.ts'

export type Predicate = (fields: Fields) => boolean
type Test = (values: readonly Value[]) => boolean

/** Compiles a filter to a predicate. @throws CommandError for an unsupported operator, before any document is tested. */
export function compileFilter(filter: Fields): Predicate {
  if (!isObject(filter)) throw new CommandError(2, 'A filter must be a document')
  const predicates = Object.entries(filter).map(([name, condition]) => compileEntry(name, condition))
  if (predicates.length === 1) return predicates[0]!
  return (fields) => predicates.every((predicate) => predicate(fields))
}

/** The top-level fields that a filter reads. */
export function namesIn(filter: Fields): readonly string[] {
  return Object.entries(filter).flatMap(([name, condition]) => {
    if (!name.startsWith('$')) return [toPath(name)[0]!]
    return Array.isArray(condition) ? condition.flatMap((branch) => namesIn(branch as Fields)) : []
  })
}

function compileEntry(name: string, condition: Value): Predicate {
  if (!name.startsWith('$')) return compileField(name, condition)
  if (name === '$comment') return () => true
  const compile = lookUp(LOGICAL, name)
  if (!compile) throw unsupported(`The query operator ${name}`)
  if (!Array.isArray(condition) || condition.length === 0) throw new CommandError(2, `${name} must be a nonempty array`)
  return compile(condition.map((branch) => compileFilter(branch as Fields)))
}

const LOGICAL: Readonly<Record<string, (branches: readonly Predicate[]) => Predicate>> = {
  $and: (branches) => (fields) => branches.every((branch) => branch(fields)),
  $or: (branches) => (fields) => branches.some((branch) => branch(fields)),
  $nor: (branches) => (fields) => !branches.some((branch) => branch(fields)),
}

function compileField(name: string, condition: Value): Predicate {
  const path = toPath(name)
  const test = compileCondition(condition)
  return (fields) => test(operandsAt(fields, path))
}

/** Whether a condition is an object of operators (`$…`). Any other condition is compared by equality. */
export function isOperators(condition: Value): condition is Fields {
  if (!isObject(condition)) return false
  const names = Object.keys(condition)
  return names.length > 0 && names[0]!.startsWith('$')
}

function compileCondition(condition: Value, reach: Reach = anyItem): Test {
  if (typeOf(condition) === 'regex') return reach(compileRegex(condition, ''))
  if (!isOperators(condition)) return OPERATORS.$eq!(condition, {}, reach)
  const tests = Object.entries(condition).map(([operator, operand]) => {
    const compile = lookUp(OPERATORS, operator)
    if (!compile) throw unsupported(`The query operator ${operator}`)
    return compile(operand, condition, reach)
  })
  return (values) => tests.every((test) => test(values))
}

/** Makes a test of one value a test of the values at a path. */
type Reach = (fits: (value: Value) => boolean) => Test
type CompileOperator = (operand: Value, all: Fields, reach: Reach) => Test

const not =
  (test: Test): Test =>
  (values) =>
    !test(values)

const OPERATORS: Readonly<Record<string, CompileOperator>> = {
  $eq: (operand, _, reach) => reach(equalTo(operand)),
  $ne: (operand, _, reach) => not(reach(equalTo(operand))),
  $in: (operand, _, reach) => reach(amongst(operand, '$in')),
  $nin: (operand, _, reach) => not(reach(amongst(operand, '$nin'))),
  $gt: (operand, _, reach) => reach(ordered(operand, (order) => order > 0)),
  $gte: (operand, _, reach) => reach(ordered(operand, (order) => order >= 0)),
  $lt: (operand, _, reach) => reach(ordered(operand, (order) => order < 0)),
  $lte: (operand, _, reach) => reach(ordered(operand, (order) => order <= 0)),
  $exists: (operand) => (values) => values.some((value) => value !== undefined) === isTruthy(operand),
  $not: (operand, _, reach) => {
    if (!isOperators(operand) && typeOf(operand) !== 'regex')
      throw new CommandError(2, '$not needs a regex or a document')
    return not(compileCondition(operand, reach))
  },
  $size: (operand) => (values) => values.some((value) => listIn(value)?.length === toNumber(operand)),
  $type: (operand, _, reach) => reach(ofType(operand)),
  $regex: (operand, { $options }, reach) => reach(compileRegex(operand, String($options ?? ''))),
  $options: (_, { $regex }) => {
    if ($regex === undefined) throw new CommandError(2, '$options needs a $regex')
    return () => true
  },
  $all: (operand, _, reach) => {
    const items = listOf(operand, '$all')
    if (items.some(isOperators)) throw unsupported('An operator within $all')
    const tests = items.map((item) => compileCondition(item, reach))
    return (values) => tests.length > 0 && tests.every((test) => test(values))
  },
  $elemMatch: (operand) => {
    const fits = isOperators(operand) ? compileCondition(operand, noItems) : null
    const predicate = fits ? null : compileFilter(operand as Fields)
    const item = (value: Value) => (fits ? fits([value]) : isObject(value) && predicate!(value))
    return (values) => values.some((value) => listIn(value)?.some(item) ?? false)
  },
}

/** Whether a value fits or, if it is an array, one of its items. */
function anyItem(fits: (value: Value) => boolean): Test {
  return (values) =>
    values.some((value) => {
      if (value instanceof Whole) return fits(value.list)
      return fits(value) || (Array.isArray(value) && value.some(fits))
    })
}

/** Whether a value fits, be it an array or not: the items of an array have been taken apart already. */
function noItems(fits: (value: Value) => boolean): Test {
  return (values) => values.some(fits)
}

function equalTo(operand: Value): (value: Value) => boolean {
  if (operand === null || operand === undefined) return (value) => value === null || value === undefined
  if (typeof operand === 'string') return (value) => value === operand
  const key = encodeKey(operand)
  const type = typeOf(operand)
  return (value) => value !== undefined && typeOf(value) === type && encodeKey(value).equals(key)
}

function amongst(operand: Value, operator: string): (value: Value) => boolean {
  const items = listOf(operand, operator)
  const patterns = items.filter((item) => typeOf(item) === 'regex').map((item) => compileRegex(item, ''))
  const keys = new Set(items.filter((item) => typeOf(item) !== 'regex').map((item) => textOf(encodeKey(item))))
  return (value) => keys.has(textOf(encodeKey(value))) || patterns.some((fits) => fits(value))
}

/** Comparisons by order hold between values of the same type only. */
function ordered(operand: Value, holds: (order: number) => boolean): (value: Value) => boolean {
  const key = encodeKey(operand)
  const type = typeOf(operand)
  if (isNaNumber(operand)) return (value) => isNaNumber(value) && holds(0)
  return (value) => typeOf(value) === type && !isNaNumber(value) && holds(Buffer.compare(encodeKey(value), key))
}

/** NaN is neither less nor greater than a number, although it sorts before all numbers. */
function isNaNumber(value: Value): boolean {
  return isNumber(value) && Number.isNaN(toNumber(value))
}

const TYPE_ALIASES: Readonly<Record<string, (value: Value) => boolean>> = {
  int: (value) => isNumber(value) && numericType(value) === 'int',
  long: (value) => isNumber(value) && numericType(value) === 'long',
  double: (value) => isNumber(value) && numericType(value) === 'double',
  decimal: (value) => isNumber(value) && numericType(value) === 'decimal',
}

function ofType(operand: Value): (value: Value) => boolean {
  if (typeof operand !== 'string') throw unsupported('$type by number')
  if (!Object.hasOwn(TYPE_ALIASES, operand) && !Object.hasOwn(TYPE_ORDER, operand)) {
    throw new CommandError(2, `Unknown type name alias: ${operand}`)
  }
  return lookUp(TYPE_ALIASES, operand) ?? ((value) => value !== undefined && typeOf(value) === operand)
}

function compileRegex(value: Value, moreOptions: string): (value: Value) => boolean {
  const { pattern, options } = typeof value === 'string' ? { pattern: value, options: '' } : toRegExpParts(value)
  const flags = `${options}${moreOptions}`
  if (/[^ims]/.test(flags)) throw unsupported(`The $regex option in "${flags}"`)
  const expression = toExpression(pattern, [...new Set(flags)].join(''))
  return (item) => typeof item === 'string' && expression.test(item)
}

function toExpression(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags)
  } catch {
    throw new CommandError(51091, `Regular expression is invalid: ${pattern}`)
  }
}

function listOf(operand: Value, operator: string): readonly Value[] {
  if (!Array.isArray(operand)) throw new CommandError(2, `${operator} needs an array`)
  return operand
}

export function isTruthy(value: Value): boolean {
  return isNumber(value) ? toNumber(value) !== 0 : Boolean(value)
}

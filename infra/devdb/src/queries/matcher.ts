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
import { toPath, valuesAt } from '../values/paths.ts'

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
  return (fields) => test(valuesAt(fields, path))
}

/** Whether a condition is an object of operators (`$…`). Any other condition is compared by equality. */
export function isOperators(condition: Value): condition is Fields {
  if (!isObject(condition)) return false
  const names = Object.keys(condition)
  return names.length > 0 && names[0]!.startsWith('$')
}

function compileCondition(condition: Value): Test {
  if (typeOf(condition) === 'regex') return compileRegex(condition, '')
  if (!isOperators(condition)) return OPERATORS.$eq!(condition, {})
  const tests = Object.entries(condition).map(([operator, operand]) => {
    const compile = lookUp(OPERATORS, operator)
    if (!compile) throw unsupported(`The query operator ${operator}`)
    return compile(operand, condition)
  })
  return (values) => tests.every((test) => test(values))
}

type CompileOperator = (operand: Value, all: Fields) => Test

const not =
  (test: Test): Test =>
  (values) =>
    !test(values)

const OPERATORS: Readonly<Record<string, CompileOperator>> = {
  $eq: (operand) => anyItem(equalTo(operand)),
  $ne: (operand) => not(anyItem(equalTo(operand))),
  $in: (operand) => anyItem(amongst(operand, '$in')),
  $nin: (operand) => not(anyItem(amongst(operand, '$nin'))),
  $gt: (operand) => anyItem(ordered(operand, (order) => order > 0)),
  $gte: (operand) => anyItem(ordered(operand, (order) => order >= 0)),
  $lt: (operand) => anyItem(ordered(operand, (order) => order < 0)),
  $lte: (operand) => anyItem(ordered(operand, (order) => order <= 0)),
  $exists: (operand) => (values) => values.some((value) => value !== undefined) === isTruthy(operand),
  $not: (operand) => {
    if (!isOperators(operand) && typeOf(operand) !== 'regex')
      throw new CommandError(2, '$not needs a regex or a document')
    return not(compileCondition(operand))
  },
  $size: (operand) => (values) => values.some((value) => Array.isArray(value) && value.length === toNumber(operand)),
  $type: (operand) => anyItem(ofType(operand)),
  $regex: (operand, { $options }) => compileRegex(operand, String($options ?? '')),
  $options: (_, { $regex }) => {
    if ($regex === undefined) throw new CommandError(2, '$options needs a $regex')
    return () => true
  },
  $all: (operand) => {
    const items = listOf(operand, '$all')
    if (items.some(isOperators)) throw unsupported('An operator within $all')
    const tests = items.map((item) => compileCondition(item))
    return (values) => tests.length > 0 && tests.every((test) => test(values))
  },
  $elemMatch: (operand) => {
    const fits = isOperators(operand) ? compileCondition(operand) : null
    const predicate = fits ? null : compileFilter(operand as Fields)
    const item = (value: Value) => (fits ? fits([value]) : isObject(value) && predicate!(value))
    return (values) => values.some((value) => Array.isArray(value) && value.some(item))
  },
}

/** Whether a value fits or, if it is an array, one of its items. */
function anyItem(fits: (value: Value) => boolean): Test {
  return (values) => values.some((value) => fits(value) || (Array.isArray(value) && value.some(fits)))
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
  return (value) => keys.has(textOf(encodeKey(value))) || patterns.some((test) => test([value]))
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

function compileRegex(value: Value, moreOptions: string): Test {
  const { pattern, options } = typeof value === 'string' ? { pattern: value, options: '' } : toRegExpParts(value)
  const flags = `${options}${moreOptions}`
  if (/[^ims]/.test(flags)) throw unsupported(`The $regex option in "${flags}"`)
  const expression = toExpression(pattern, [...new Set(flags)].join(''))
  return anyItem((item) => typeof item === 'string' && expression.test(item))
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

function isTruthy(value: Value): boolean {
  return isNumber(value) ? toNumber(value) !== 0 : Boolean(value)
}

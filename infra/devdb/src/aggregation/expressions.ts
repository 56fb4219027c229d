import { BSON } from 'mongodb'
import { CommandError, unsupported } from '../errors.ts'
import { type Fields, isNumber, isObject, lookUp, toNumber, type Value } from '../values/bson.ts'
import { compareValues } from '../values/keys.ts'
import { toPath } from '../values/paths.ts'

const { Double, Int32 } = BSON

/** Computes a value from a document. */
export type Expression = (fields: Fields) => Value

/** @throws CommandError for an unsupported operator. */
export function compileExpression(expression: Value): Expression {
  if (typeof expression === 'string' && expression.startsWith('$')) return compilePath(expression)
  if (Array.isArray(expression)) {
    const items = expression.map(compileExpression)
    return (fields) => items.map((item) => item(fields) ?? null)
  }
  if (!isObject(expression)) return () => expression
  const [name] = Object.keys(expression)
  if (!name?.startsWith('$')) return compileObject(expression)
  const compile = lookUp(OPERATORS, name)
  if (!compile || Object.keys(expression).length > 1) throw unsupported(`The expression operator ${name}`)
  return compile(expression[name])
}

function compilePath(expression: string): Expression {
  const [variable, ...names] = expression.split('.')
  if (variable === '$$ROOT' || variable === '$$CURRENT') return (fields) => through(fields, names, 0)
  if (expression.startsWith('$$')) throw unsupported(`The variable ${expression}`)
  const path = toPath(expression.slice(1))
  return (fields) => through(fields, path, 0)
}

/** The value at a path. An array on the way gives the array of the values in its items. */
function through(value: Value, path: readonly string[], depth: number): Value {
  if (depth === path.length) return value
  if (Array.isArray(value)) return value.map((item) => through(item, path, depth)).filter((item) => item !== undefined)
  const name = path[depth]!
  return isObject(value) && Object.hasOwn(value, name) ? through(value[name], path, depth + 1) : undefined
}

function compileObject(expression: Fields): Expression {
  const entries = Object.entries(expression).map(([name, inner]) => [name, compileExpression(inner)] as const)
  return (fields) => Object.fromEntries(entries.map(([name, inner]) => [name, inner(fields)]))
}

type Compile = (operand: Value) => Expression

/** An operator on a list of values. */
const over =
  (compute: (values: readonly Value[]) => Value): Compile =>
  (operand) => {
    const items = (Array.isArray(operand) ? operand : [operand]).map(compileExpression)
    return (fields) => compute(items.map((item) => item(fields)))
  }
const compared = (holds: (order: number) => boolean) => over(([a, b]) => holds(compareOperands(a, b)))
const arithmetic = (compute: (numbers: readonly number[]) => number) =>
  over((values) => {
    if (values.some((value) => value === null || value === undefined)) return null
    if (!values.every(isNumber)) throw new CommandError(14, 'Only numbers can be calculated with')
    return toBsonNumber(compute(values.map(toNumber)), values)
  })

const OPERATORS: Readonly<Record<string, Compile>> = {
  $literal: (operand) => () => operand,
  $eq: compared((order) => order === 0),
  $ne: compared((order) => order !== 0),
  $gt: compared((order) => order > 0),
  $gte: compared((order) => order >= 0),
  $lt: compared((order) => order < 0),
  $lte: compared((order) => order <= 0),
  $and: over((values) => values.every(isTrue)),
  $or: over((values) => values.some(isTrue)),
  $not: over(([value]) => !isTrue(value)),
  $add: arithmetic((numbers) => numbers.reduce((sum, one) => sum + one, 0)),
  $subtract: arithmetic(([a = 0, b = 0]) => a - b),
  $multiply: arithmetic((numbers) => numbers.reduce((product, one) => product * one, 1)),
  $divide: over(([a, b]) => {
    if (a === null || a === undefined || b === null || b === undefined) return null
    if (!isNumber(a) || !isNumber(b)) throw new CommandError(14, '$divide only supports numbers')
    if (toNumber(b) === 0) throw new CommandError(2, "can't $divide by zero")
    return new Double(toNumber(a) / toNumber(b))
  }),
  $ifNull: over((values) => values.find((value) => value !== null && value !== undefined) ?? null),
  $concat: over((values) => {
    if (values.some((value) => value === null || value === undefined)) return null
    if (!values.every((value) => typeof value === 'string')) throw new CommandError(14, '$concat only supports strings')
    return values.join('')
  }),
  $toString: over(([value]) => {
    if (value === null || value === undefined) return null
    if (value instanceof Date) return value.toISOString()
    if (isNumber(value) || ['string', 'boolean'].includes(typeof value) || value instanceof BSON.ObjectId) {
      return String(value)
    }
    throw unsupported('$toString of this type')
  }),
  $size: over(([value]) => {
    if (!Array.isArray(value)) throw new CommandError(2, 'The argument to $size must be an array')
    return new Int32(value.length)
  }),
  $in: over(([value, list]) => {
    if (!Array.isArray(list)) throw new CommandError(2, '$in requires an array as a second argument')
    return list.some((item) => compareValues(item, value) === 0)
  }),
  $cond: (operand) => {
    const { if: test, then, else: otherwise } = isObject(operand) ? operand : toBranches(operand)
    const [condition, whenTrue, whenFalse] = [test, then, otherwise].map(compileExpression) as [
      Expression,
      Expression,
      Expression,
    ]
    return (fields) => (isTrue(condition(fields)) ? whenTrue(fields) : whenFalse(fields))
  },
}

/** A missing value sorts before null. */
function compareOperands(a: Value, b: Value): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined)
  return compareValues(a, b)
}

function toBranches(operand: Value): Fields {
  const [test, then, otherwise] = operand as readonly Value[]
  return { if: test, then, else: otherwise }
}

function isTrue(value: Value): boolean {
  return isNumber(value) ? toNumber(value) !== 0 : value !== false && value !== null && value !== undefined
}

/** Integer operands with an integer result give an integer, all others a double. */
export function toBsonNumber(result: number, operands: readonly Value[]): Value {
  const whole = Number.isInteger(result) && !operands.some((value) => value instanceof Double)
  if (!whole) return new Double(result)
  const isLong = result !== (result | 0) || operands.some((value) => value instanceof BSON.Long)
  return isLong ? BSON.Long.fromNumber(result) : new Int32(result)
}

import { BSON } from 'mongodb'
import { CommandError, unsupported } from '../errors.ts'
import { compileFilter, isOperators } from '../queries/matcher.ts'
import { type Fields, isNumber, isObject, lookUp, toNumber, typeOf, type Value } from '../values/bson.ts'
import { compareValues, encodeKey, textOf } from '../values/keys.ts'
import { toPath, valueAt } from '../values/paths.ts'
import { add, multiply } from './arithmetic.ts'
import { findAt, refuseLists, setAt } from './set-at.ts'

const { Int32 } = BSON

/** Operators of MongoDB that are not supported. */
export const REFUSED: readonly string[] = ['$bit', '$pullAll', '$pushAll']

/** Changes the value at a path. */
type Apply = (fields: Fields, path: readonly string[], operand: Value) => void

export const OPERATORS: Readonly<Record<string, Apply>> = {
  $set: setAt,
  $setOnInsert: setAt,
  $unset: (fields, path) => {
    const parent = valueAt(fields, path.slice(0, -1))
    const last = path.at(-1)!
    if (Array.isArray(parent)) {
      if (/^\d+$/.test(last) && Number(last) < parent.length) parent[Number(last)] = null
    } else if (isObject(parent)) delete parent[last]
  },
  $inc: (fields, path, operand) => setAt(fields, path, add(numberAt(fields, path, '$inc', operand), operand)),
  $mul: (fields, path, operand) => setAt(fields, path, multiply(numberAt(fields, path, '$mul', operand), operand)),
  $min: (fields, path, operand) => {
    const before = valueAt(fields, path)
    if (before === undefined || compareValues(operand, before) < 0) setAt(fields, path, operand)
  },
  $max: (fields, path, operand) => {
    const before = valueAt(fields, path)
    if (before === undefined || compareValues(operand, before) > 0) setAt(fields, path, operand)
  },
  $rename: (fields, path, operand) => {
    const value = findAt(fields, path)
    if (value === undefined) return
    const target = toPath(String(operand))
    for (const end of [path, target]) refuseLists(fields, end)
    OPERATORS.$unset!(fields, path, true)
    setAt(fields, target, value)
  },
  $currentDate: (fields, path) => setAt(fields, path, new Date()),
  $push: (fields, path, operand) => push(fields, path, operand),
  $addToSet: (fields, path, operand) => {
    const before = arrayAt(fields, path, '$addToSet')
    const { $each = [operand] } = isOperators(operand) ? operand : {}
    const known = new Set(before.map((item) => textOf(encodeKey(item))))
    const added = listOf($each, '$addToSet').filter((item) => {
      const key = textOf(encodeKey(item))
      return !known.has(key) && known.add(key)
    })
    setAt(fields, path, [...before, ...added])
  },
  $pull: (fields, path, operand) => {
    if (findAt(fields, path) === undefined) return
    const fits = toPulled(operand)
    setAt(
      fields,
      path,
      arrayAt(fields, path, '$pull').filter((item) => !fits(item)),
    )
  },
  $pop: (fields, path, operand) => {
    const before = findAt(fields, path)
    if (before === undefined) return
    if (!Array.isArray(before)) throw new CommandError(14, `Path '${path.join('.')}' is no array to $pop from`)
    setAt(fields, path, toNumber(operand) < 0 ? before.slice(1) : before.slice(0, -1))
  },
}

/** A document without operators is a filter for items; any other operand is compared with the item. */
function toPulled(operand: Value): (item: Value) => boolean {
  if (isOperators(operand) || typeOf(operand) === 'regex') {
    const fits = compileFilter({ item: operand })
    return (item) => fits({ item })
  }
  if (!isObject(operand)) return (item) => compareValues(item, operand) === 0
  const fits = compileFilter(operand)
  return (item) => isObject(item) && fits(item)
}

function push(fields: Fields, path: readonly string[], operand: Value): void {
  const before = arrayAt(fields, path, '$push')
  const { $each = [operand], $slice, $position } = isOperators(operand) ? operand : {}
  const at = $position === undefined ? before.length : toNumber($position)
  const all = before.toSpliced(at, 0, ...listOf($each, '$push'))
  const count = $slice === undefined ? null : toNumber($slice)
  setAt(fields, path, count === null ? all : count === 0 ? [] : count < 0 ? all.slice(count) : all.slice(0, count))
}

function listOf(value: Value, operator: string): readonly Value[] {
  if (!Array.isArray(value)) throw new CommandError(2, `The argument to $each in ${operator} must be an array`)
  return value
}

const MODIFIERS: Readonly<Record<string, readonly string[]>> = {
  $push: ['$each', '$slice', '$position'],
  $addToSet: ['$each'],
}

/** @throws CommandError for a modifier that would be ignored. */
export function refuseModifiers(operator: string, operand: Value): void {
  const known = lookUp(MODIFIERS, operator)
  const other = known && isOperators(operand) && Object.keys(operand).find((name) => !known.includes(name))
  if (other) throw unsupported(`The modifier ${other} of ${operator}`)
  if (operator === '$currentDate' && operand !== true) throw unsupported('$currentDate with a type')
}

function arrayAt(fields: Fields, path: readonly string[], operator: string): readonly Value[] {
  const value = valueAt(fields, path)
  if (value === undefined) return []
  if (Array.isArray(value)) return value
  throw new CommandError(
    2,
    `The field '${path.join('.')}' must be an array for ${operator}, and is of type ${typeOf(value)}`,
  )
}

function numberAt(fields: Fields, path: readonly string[], operator: string, operand: Value): Value {
  if (!isNumber(operand)) throw new CommandError(14, `Cannot apply ${operator} with a non-numeric argument`)
  const value = valueAt(fields, path)
  if (value === undefined) return new Int32(0)
  if (isNumber(value)) return value
  throw new CommandError(
    14,
    `Cannot apply ${operator} to the field '${path.join('.')}' of non-numeric type ${typeOf(value)}`,
  )
}

import { BSON } from 'mongodb'
import { type Fields, isNumber, isObject, numericType, toNumber, typeOf, type Value } from './bson.ts'
import { CommandError, unsupported } from './errors.ts'
import { compareValues, encodeKey } from './keys.ts'
import { compileFilter, isOperators } from './matcher.ts'
import { toPath, valueAt } from './paths.ts'

const { Decimal128, Double, Int32, Long, Timestamp } = BSON

/** Makes the next state of a document from a copy of it. `inserting` is whether an upsert creates it. */
export type Update = (fields: Fields, inserting: boolean) => Fields

/** An update by operators, or a whole document to put in place of the old one. */
export function compileUpdate(update: Value): Update {
  if (Array.isArray(update)) throw unsupported('An update by aggregation pipeline')
  const operators = update as Fields
  const names = Object.keys(operators)
  if (!names.some((name) => name.startsWith('$'))) return (fields) => replace(fields, operators)
  const steps = names.flatMap((operator) => {
    const apply = OPERATORS[operator]
    if (!apply) throw unsupported(`The update operator ${operator}`)
    return Object.entries(operators[operator] as Fields).map(([name, operand]) => {
      if (name.includes('$')) throw unsupported(`The positional path ${name}`)
      return { name, path: toPath(name), operand, apply, onInsertOnly: operator === '$setOnInsert' }
    })
  })
  refuseConflicts(steps.map(({ name }) => name))

  return (fields, inserting) => {
    const id = fields._id
    for (const { path, operand, apply, onInsertOnly } of steps) {
      if (!onInsertOnly || inserting) apply(fields, path, operand)
    }
    refuseOtherId(id, fields._id)
    return fields
  }
}

function replace(fields: Fields, replacement: Fields): Fields {
  if (replacement._id !== undefined) refuseOtherId(fields._id, replacement._id)
  const { _id = fields._id, ...rest } = replacement
  return { _id, ...rest }
}

function refuseOtherId(before: Value, after: Value): void {
  if (before === undefined || encodeKey(before).equals(encodeKey(after))) return
  throw new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'")
}

function refuseConflicts(names: readonly string[]): void {
  const sorted = [...names].sort()
  for (const [index, name] of sorted.entries()) {
    const next = sorted[index + 1]
    if (next === name || next?.startsWith(`${name}.`)) {
      throw new CommandError(40, `Updating the path '${next}' would create a conflict at '${name}'`)
    }
  }
}

type Apply = (fields: Fields, path: readonly string[], operand: Value) => void

const OPERATORS: Readonly<Record<string, Apply>> = {
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
    const value = valueAt(fields, path)
    if (value === undefined) return
    OPERATORS.$unset!(fields, path, true)
    setAt(fields, toPath(String(operand)), value)
  },
  $currentDate: (fields, path, operand) => {
    if (operand !== true) throw unsupported('$currentDate with a type')
    setAt(fields, path, new Date())
  },
  $push: (fields, path, operand) => push(fields, path, operand),
  $addToSet: (fields, path, operand) => {
    const before = arrayAt(fields, path, '$addToSet')
    const { $each = [operand], ...rest } = isOperators(operand) ? operand : {}
    refuseModifiers('$addToSet', rest)
    const known = new Set(before.map((item) => encodeKey(item).toString('latin1')))
    const added = ($each as Value[]).filter((item) => {
      const key = encodeKey(item).toString('latin1')
      return !known.has(key) && known.add(key)
    })
    setAt(fields, path, [...before, ...added])
  },
  $pull: (fields, path, operand) => {
    if (valueAt(fields, path) === undefined) return
    const fits = isObject(operand) && !isOperators(operand) ? compileFilter(operand) : null
    const test = fits ? null : compileFilter({ item: operand })
    const keep = (item: Value) => !(fits ? isObject(item) && fits(item) : test!({ item }))
    setAt(fields, path, arrayAt(fields, path, '$pull').filter(keep))
  },
  $pop: (fields, path, operand) => {
    if (valueAt(fields, path) === undefined) return
    const before = arrayAt(fields, path, '$pop')
    setAt(fields, path, toNumber(operand) < 0 ? before.slice(1) : before.slice(0, -1))
  },
}

function push(fields: Fields, path: readonly string[], operand: Value): void {
  const before = arrayAt(fields, path, '$push')
  const { $each = [operand], $slice, $position, ...rest } = isOperators(operand) ? operand : {}
  refuseModifiers('$push', rest)
  const at = $position === undefined ? before.length : toNumber($position)
  const all = before.toSpliced(at, 0, ...($each as Value[]))
  const count = $slice === undefined ? null : toNumber($slice)
  setAt(fields, path, count === null ? all : count === 0 ? [] : count < 0 ? all.slice(count) : all.slice(0, count))
}

function refuseModifiers(operator: string, rest: Fields): void {
  const [name] = Object.keys(rest)
  if (name !== undefined) throw unsupported(`The modifier ${name} of ${operator}`)
}

function setAt(fields: Fields, path: readonly string[], value: Value): void {
  let parent: Value = fields
  for (const [depth, name] of path.entries()) {
    const isLast = depth === path.length - 1
    if (Array.isArray(parent)) {
      if (!/^\d+$/.test(name)) throw notViable(name, path)
      const index = Number(name)
      while (parent.length < index) parent.push(null)
      if (isLast) parent[index] = value
      else parent[index] ??= {}
      parent = parent[index]
    } else if (isObject(parent)) {
      if (isLast) parent[name] = value
      else if (!Object.hasOwn(parent, name)) parent[name] = {}
      parent = parent[name]
    } else throw notViable(name, path)
  }
}

function notViable(name: string, path: readonly string[]): CommandError {
  return new CommandError(28, `Cannot create field '${name}' in element at '${path.join('.')}'`)
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

const add = (a: Value, b: Value) =>
  calculate(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
  )
const multiply = (a: Value, b: Value) =>
  calculate(
    a,
    b,
    (x, y) => x * y,
    (x, y) => x * y,
  )

/** An int stays an int until it overflows into a long; a double on either side makes a double. */
function calculate(
  a: Value,
  b: Value,
  real: (x: number, y: number) => number,
  whole: (x: bigint, y: bigint) => bigint,
): Value {
  if (a instanceof Decimal128 || b instanceof Decimal128) throw unsupported('Arithmetic with Decimal128')
  const types = [numericType(a), numericType(b)]
  if (types.includes('double')) return new Double(real(toNumber(a), toNumber(b)))
  const result = whole(toBigInt(a), toBigInt(b))
  const fitsInt = BigInt.asIntN(32, result) === result
  if (fitsInt && !types.includes('long')) return new Int32(Number(result))
  if (BigInt.asIntN(64, result) !== result) throw new CommandError(2, 'The result does not fit into a long')
  return Long.fromBigInt(result)
}

function toBigInt(value: Value): bigint {
  return value instanceof Long && !(value instanceof Timestamp) ? value.toBigInt() : BigInt(toNumber(value))
}

/** The document that an upsert begins with: what the filter demands to be equal. */
export function fieldsFromFilter(filter: Fields): Fields {
  const fields: Fields = {}
  for (const [name, condition] of Object.entries(filter)) {
    if (name === '$and') for (const branch of condition as Fields[]) Object.assign(fields, fieldsFromFilter(branch))
    else if (name.startsWith('$')) continue
    else if (!isOperators(condition)) setAt(fields, toPath(name), condition)
    else if (condition.$eq !== undefined) setAt(fields, toPath(name), condition.$eq)
  }
  return fields
}

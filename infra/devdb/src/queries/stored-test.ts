import { CommandError } from '../errors.ts'
import { type Fields, isNumber, isObject, lookUp, toNumber, typeOf, type Value } from '../values/bson.ts'
import { beginKey, compareKey, keyPlace, keyText } from '../values/key-buffer.ts'
import { encodeKey, textOf } from '../values/keys.ts'
import { toPath } from '../values/paths.ts'
import { type Element, findIn, type Names, readFields, TYPE, toNames } from '../values/raw.ts'
import { appendElement, DECODE, locate, readDouble } from '../values/raw-keys.ts'
import { compileFilter, isOperators, isTruthy, namesIn } from './matcher.ts'

/** Whether a document, in the form in which it is stored, fits a filter. */
export type Test = (body: Uint8Array) => boolean

/**
 * Compiles a filter. Comparisons with plain values, and with nothing, read the document as it is stored; all other conditions decode the
 * fields that they read. @throws CommandError for an unsupported operator.
 */
export function compileTest(filter: Fields): Test {
  if (!isObject(filter)) throw new CommandError(2, 'A filter must be a document')
  const tests = Object.entries(filter).flatMap(([name, condition]) => compilePart(name, condition))
  if (tests.length === 1) return tests[0]!
  return (body) => tests.every((test) => test(body))
}

function compilePart(name: string, condition: Value): readonly Test[] {
  if (name === '$comment') return []
  if (name === '$and' && Array.isArray(condition) && condition.length > 0) return condition.map(compileTest)
  const comparison = name.startsWith('$') ? null : compileComparisons(condition)
  if (!comparison) return [compileDecoding({ [name]: condition })]
  let compiled: Test | null = null
  const decoding: Test = (body) => {
    compiled ??= compileDecoding({ [name]: condition })
    return compiled(body)
  }
  const path = toPath(name)
  const names = toPathNames(path)
  return [
    (body) => {
      const value = locate(findIn(body, 0, names[0]!), path, names)
      return value === DECODE ? decoding(body) : comparison(value)
    },
  ]
}

const pathNames = new WeakMap<readonly string[], Names>()

function toPathNames(path: readonly string[]): Names {
  const known = pathNames.get(path)
  if (known) return known
  const names = toNames(path)
  pathNames.set(path, names)
  return names
}

function compileDecoding(filter: Fields): Test {
  const fits = compileFilter(filter)
  const names = toNames([...new Set(namesIn(filter))])
  return names.length === 0 ? () => fits({}) : (body) => fits(readFields(body, names))
}

/** A comparison of one value that is no list; null for a missing one. */
type Comparison = (value: Element | null) => boolean

/** Null when the condition has any other operator or operand. */
function compileComparisons(condition: Value): Comparison | null {
  const all = isOperators(condition) ? Object.entries(condition) : [['$eq', condition] as const]
  const comparisons = all.map(([operator, operand]) => lookUp(COMPARISONS, operator)?.(operand) ?? null)
  if (comparisons.length === 1) return comparisons[0]!
  return comparisons.includes(null) ? null : (value) => comparisons.every((compare) => compare!(value))
}

const COMPARISONS: Readonly<Record<string, (operand: Value) => Comparison | null>> = {
  $eq: equalTo,
  $in: (operand) => (Array.isArray(operand) ? amongst(operand) : null),
  $exists: (operand) => (isTruthy(operand) ? (value) => value !== null : (value) => value === null),
  $gt: (operand) => ordered(operand, (order) => order > 0),
  $gte: (operand) => ordered(operand, (order) => order >= 0),
  $lt: (operand) => ordered(operand, (order) => order < 0),
  $lte: (operand) => ordered(operand, (order) => order <= 0),
}

function equalTo(operand: Value): Comparison | null {
  if (!isPlain(operand)) return null
  const key = encodeKey(operand)
  return (value) => orderOf(value, key) === 0
}

function amongst(operands: readonly Value[]): Comparison | null {
  if (!operands.every(isPlain)) return null
  const keys = new Set(operands.map((operand) => textOf(encodeKey(operand))))
  return (value) => {
    beginKey()
    appendElement(value)
    return keys.has(keyText())
  }
}

/** Values of other types, and NaN, are neither less nor greater. */
function ordered(operand: Value, holds: (order: number) => boolean): Comparison | null {
  if (!isPlain(operand) || isNotANumber(operand)) return null
  const key = encodeKey(operand)
  const place = key[0]
  return (value) => {
    if (value && value.body[value.type] === TYPE.double && Number.isNaN(readDouble(value.body, value.value)))
      return false
    const order = orderOf(value, key)
    return keyPlace() === place && holds(order)
  }
}

function orderOf(value: Element | null, key: Buffer): number {
  beginKey()
  appendElement(value)
  return compareKey(key)
}

const PLAIN: readonly string[] = ['null', 'number', 'string', 'bool', 'date', 'objectId', 'timestamp']

const isPlain = (operand: Value) => PLAIN.includes(typeOf(operand))
const isNotANumber = (operand: Value) => isNumber(operand) && Number.isNaN(toNumber(operand))

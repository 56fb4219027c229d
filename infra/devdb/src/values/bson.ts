import { BSON } from 'mongodb'
import { unsupported } from '../errors.ts'

const { Binary, BSONRegExp, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } = BSON

export type Value = unknown
export type Fields = Record<string, Value>

/** Keeps BSON types: an int32 stays an int32, and a double with an integer value stays a double. */
const EXACT = {
  promoteValues: false,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
  validation: { utf8: false }, // A stored document must be readable, whatever a client has put into it.
} as const

export function decode(bytes: Uint8Array): Fields {
  return BSON.deserialize(bytes, EXACT)
}

export function encode(fields: Fields): Uint8Array {
  return BSON.serialize(fields, { ignoreUndefined: true })
}

/** MongoDB's names of types, and the rank of each type in the order of values. */
export type TypeName = keyof typeof TYPE_ORDER
export const TYPE_ORDER = {
  minKey: 1,
  null: 5,
  number: 10,
  string: 15,
  object: 20,
  array: 25,
  binData: 30,
  objectId: 35,
  bool: 40,
  date: 45,
  timestamp: 47,
  regex: 50,
  maxKey: 255,
} as const

export function typeOf(value: Value): TypeName {
  if (value === null || value === undefined) return 'null'
  if (isNumber(value)) return 'number'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (Array.isArray(value)) return 'array'
  if (value instanceof Date) return 'date'
  if (value instanceof ObjectId) return 'objectId'
  if (value instanceof Binary) return 'binData'
  if (value instanceof Timestamp) return 'timestamp'
  if (value instanceof BSONRegExp || value instanceof RegExp) return 'regex'
  if (value instanceof MinKey) return 'minKey'
  if (value instanceof MaxKey) return 'maxKey'
  if ((value as Fields)._bsontype !== undefined) throw unsupported(`The type ${String((value as Fields)._bsontype)}`)
  return 'object'
}

export function isNumber(value: Value): boolean {
  return (
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    value instanceof Int32 ||
    value instanceof Double ||
    (value instanceof Long && !(value instanceof Timestamp)) ||
    value instanceof Decimal128
  )
}

/** The row of a table. Inherited properties such as `constructor` are not rows. */
export function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

export function isObject(value: Value): value is Fields {
  return typeOf(value) === 'object'
}

/** The value as a JavaScript number, exact up to 2^53. */
export function toNumber(value: Value): number {
  if (typeof value === 'number') return value
  if (value instanceof Int32 || value instanceof Double) return value.value
  if (value instanceof Long) return value.toNumber()
  return Number(String(value))
}

/** The numeric types that `$type` and `$inc` distinguish. */
export function numericType(value: Value): 'int' | 'long' | 'double' | 'decimal' {
  if (value instanceof Int32) return 'int'
  if (value instanceof Long || typeof value === 'bigint') return 'long'
  if (value instanceof Decimal128) return 'decimal'
  return 'double'
}

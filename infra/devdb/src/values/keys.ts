import { BSON } from 'mongodb'
import { unsupported } from '../errors.ts'
import { type Fields, TYPE_ORDER, type TypeName, toNumber, typeOf, type Value } from './bson.ts'
import {
  appendBigInt,
  appendByte,
  appendBytes,
  appendDouble,
  appendText,
  beginKey,
  copyKey,
  invertBytes,
} from './key-buffer.ts'

const { Binary, BSONRegExp, Decimal128, Long, ObjectId, Timestamp } = BSON

/**
 * Encodes a value as bytes that sort as MongoDB sorts values: first the rank of the type, then the value.
 * No encoding is the beginning of another, so several can be concatenated into one key.
 */
export function encodeKey(value: Value): Buffer {
  beginKey()
  appendValue(value)
  return copyKey()
}

/** The key of a value in a descending field: every bit is inverted. */
export function invert(key: Buffer): Buffer {
  const inverted = Buffer.from(key)
  invertBytes(inverted, 0, inverted.length)
  return inverted
}

/** Compares in MongoDB's order of values. */
export function compareValues(a: Value, b: Value): number {
  return Buffer.compare(encodeKey(a), encodeKey(b))
}

/** The least key that is greater than every key that begins with `prefix`; null when there is none. */
export function afterPrefix(prefix: Buffer): Buffer | null {
  for (let length = prefix.length; length > 0; length--) {
    if (prefix[length - 1]! < 255) {
      const next = Buffer.from(prefix.subarray(0, length))
      next[length - 1]!++
      return next
    }
  }
  return null
}

/** Bytes as a text with one character each, for a Map or Set: Buffers with the same content are not the same key. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** Ends an array or an object. It is below the place of every type, so the shorter of two comes first. */
const END = 0

export function appendValue(value: Value): void {
  const type = typeOf(value)
  const place = TYPE_ORDER[type]
  if (type === 'array') {
    appendByte(place)
    for (const item of value as Value[]) appendValue(item)
    appendByte(END)
  } else if (type === 'object') {
    appendByte(place)
    for (const [name, inner] of Object.entries(value as Fields)) {
      appendText(TYPE_ORDER[typeOf(inner)], name)
      appendValue(inner)
    }
    appendByte(END)
  } else appendScalar(type, place, value)
}

function appendScalar(type: TypeName, place: number, value: Value): void {
  if (type === 'number') appendNumber(place, value)
  else if (type === 'string') appendText(place, value as string)
  else if (type === 'date') appendBigInt(place, BigInt((value as Date).getTime()))
  else if (type === 'timestamp') appendBigInt(place, (value as InstanceType<typeof Timestamp>).toBigInt())
  else if (type === 'binData') appendBinary(place, value as InstanceType<typeof Binary>)
  else if (type === 'regex') {
    const { pattern, options } = toRegExpParts(value)
    appendText(place, pattern)
    appendText(place, options)
  } else {
    appendByte(place)
    if (type === 'bool') appendByte(value ? 1 : 0)
    if (type === 'objectId') appendBytes((value as InstanceType<typeof ObjectId>).id)
  }
}

function appendNumber(place: number, value: Value): void {
  if (value instanceof Decimal128) throw unsupported('Comparing a Decimal128')
  if (value instanceof Long && !Number.isSafeInteger(value.toNumber())) {
    throw unsupported('Comparing a long beyond ±(2^53 − 1)')
  }
  appendDouble(place, toNumber(value))
}

function appendBinary(place: number, { sub_type, position, buffer }: InstanceType<typeof Binary>): void {
  appendByte(place)
  for (const shift of [24, 16, 8, 0]) appendByte((position >>> shift) & 255)
  appendByte(sub_type)
  appendBytes(buffer, 0, position)
}

export function toRegExpParts(value: Value): { pattern: string; options: string } {
  if (value instanceof BSONRegExp) return { pattern: value.pattern, options: value.options }
  const { source, flags } = value as RegExp
  return { pattern: source, options: flags }
}

import { BSON } from 'mongodb'
import { unsupported } from '../errors.ts'
import { type Fields, TYPE_ORDER, type TypeName, toNumber, typeOf, type Value } from './bson.ts'

const { Binary, BSONRegExp, Decimal128, Long, ObjectId, Timestamp } = BSON

/**
 * Encodes a value as bytes that sort as MongoDB sorts values: first the rank of the type, then the value.
 * No encoding is the beginning of another, so several can be concatenated into one key.
 */
export function encodeKey(value: Value): Buffer {
  used = 0
  append(value)
  return copyKey()
}

/** One key of several values, those of descending fields inverted, followed by `suffix`. */
export function encodeCompound(
  values: readonly Value[],
  fields: readonly Readonly<{ direction: 1 | -1 }>[],
  suffix: Buffer | null,
): Buffer {
  used = 0
  for (const [at, value] of values.entries()) {
    const from = used
    append(value)
    if (fields[at]!.direction === -1) invertBytes(key, from, used)
  }
  if (suffix) appendBytes(suffix)
  return copyKey()
}

/** The key of a value in a descending field: every bit is inverted. */
export function invert(key: Buffer): Buffer {
  const inverted = Buffer.from(key)
  invertBytes(inverted, 0, inverted.length)
  return inverted
}

function invertBytes(bytes: Buffer, from: number, to: number): void {
  for (let index = from; index < to; index++) bytes[index] = 255 - bytes[index]!
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

/** The key that is being encoded, of which the first `used` bytes are done. One buffer serves all keys. */
let key = Buffer.allocUnsafe(4096)
let used = 0

function reserve(bytes: number): void {
  if (used + bytes <= key.length) return
  const larger = Buffer.allocUnsafe(2 * (used + bytes))
  key.copy(larger, 0, 0, used)
  key = larger
}

function copyKey(): Buffer {
  const copy = Buffer.allocUnsafe(used)
  key.copy(copy, 0, 0, used)
  return copy
}

function appendByte(byte: number): void {
  reserve(1)
  key[used++] = byte
}

function appendBytes(bytes: Uint8Array): void {
  reserve(bytes.length)
  key.set(bytes, used)
  used += bytes.length
}

/** Ends an array or an object. It is below the place of every type, so the shorter of two comes first. */
const END = 0

function append(value: Value): void {
  const type = typeOf(value)
  const place = TYPE_ORDER[type]
  if (type === 'array') {
    appendByte(place)
    for (const item of value as Value[]) append(item)
    appendByte(END)
  } else if (type === 'object') {
    appendByte(place)
    for (const [name, inner] of Object.entries(value as Fields)) {
      appendText(TYPE_ORDER[typeOf(inner)], name)
      append(inner)
    }
    appendByte(END)
  } else appendScalar(type, place, value)
}

function appendScalar(type: TypeName, place: number, value: Value): void {
  if (type === 'number') appendNumber(place, value)
  else if (type === 'string') appendText(place, value as string)
  else if (type === 'date') appendInteger(place, BigInt((value as Date).getTime()))
  else if (type === 'timestamp') appendInteger(place, (value as InstanceType<typeof Timestamp>).toBigInt())
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

/** Doubles sort as unsigned integers after flipping the sign bit, and in negative numbers all other bits too. */
function appendNumber(place: number, value: Value): void {
  if (value instanceof Decimal128) throw unsupported('Comparing a Decimal128')
  if (value instanceof Long && !Number.isSafeInteger(value.toNumber())) {
    throw unsupported('Comparing a long beyond ±(2^53 − 1)')
  }
  appendByte(place)
  reserve(8)
  const number = toNumber(value)
  const [from, end] = [used, used + 8]
  used = key.writeDoubleBE(number === 0 ? 0 : number, from)
  if (Number.isNaN(number))
    key.fill(0, from, end) // NaN comes before all numbers.
  else if (key[from]! & 0x80) invertBytes(key, from, end)
  else key[from]! |= 0x80
}

function appendInteger(place: number, value: bigint): void {
  appendByte(place)
  reserve(8)
  used = key.writeBigUInt64BE(BigInt.asUintN(64, value) ^ (1n << 63n), used)
}

/** Ends with the only zero byte, so that no text is a prefix of another: a byte 0 is escaped as 1 1, and 1 as 1 2. */
function appendText(place: number, text: string): void {
  appendByte(place)
  reserve(text.length * 3 + 1) // The most that UTF-8 needs.
  const from = used
  used += key.write(text, from)
  if (hasEscaped(from)) {
    const plain = Buffer.from(key.subarray(from, used))
    used = from
    for (const byte of plain) {
      if (byte <= 1) appendByte(1)
      appendByte(byte <= 1 ? byte + 1 : byte)
    }
  }
  appendByte(0)
}

function hasEscaped(from: number): boolean {
  for (let index = from; index < used; index++) if (key[index]! <= 1) return true
  return false
}

function appendBinary(place: number, { sub_type, position, buffer }: InstanceType<typeof Binary>): void {
  appendByte(place)
  reserve(5)
  used = key.writeUInt32BE(position, used)
  appendByte(sub_type)
  appendBytes(buffer.subarray(0, position))
}

export function toRegExpParts(value: Value): { pattern: string; options: string } {
  if (value instanceof BSONRegExp) return { pattern: value.pattern, options: value.options }
  const { source, flags } = value as RegExp
  return { pattern: source, options: flags }
}

import { BSON } from 'mongodb'
import { unsupported } from '../errors.ts'
import { type Fields, TYPE_ORDER, type TypeName, toNumber, typeOf, type Value } from './bson.ts'

const { Binary, BSONRegExp, Decimal128, Long, ObjectId, Timestamp } = BSON

/**
 * Encodes a value as bytes that sort as MongoDB sorts values: first the rank of the type, then the value.
 * No encoding is the beginning of another, so several can be concatenated into one key.
 */
export function encodeKey(value: Value): Buffer {
  const parts: Buffer[] = []
  append(parts, value)
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

/** The key of a value in a descending field: every bit is inverted. */
export function invert(key: Buffer): Buffer {
  const inverted = Buffer.allocUnsafe(key.length)
  for (let index = 0; index < key.length; index++) inverted[index] = 255 - key[index]!
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
const END = Buffer.from([0])

function append(parts: Buffer[], value: Value): void {
  const type = typeOf(value)
  const place = TYPE_ORDER[type]
  if (type === 'array') {
    parts.push(Buffer.from([place]))
    for (const item of value as Value[]) append(parts, item)
    parts.push(END)
  } else if (type === 'object') {
    parts.push(Buffer.from([place]))
    for (const [name, inner] of Object.entries(value as Fields)) {
      parts.push(encodeText(TYPE_ORDER[typeOf(inner)], name))
      append(parts, inner)
    }
    parts.push(END)
  } else parts.push(encodeScalar(type, place, value))
}

function encodeScalar(type: TypeName, place: number, value: Value): Buffer {
  switch (type) {
    case 'number':
      return encodeNumber(place, value)
    case 'string':
      return encodeText(place, value as string)
    case 'date':
      return encodeInteger(place, BigInt((value as Date).getTime()))
    case 'timestamp':
      return encodeInteger(place, (value as InstanceType<typeof Timestamp>).toBigInt())
    case 'bool':
      return Buffer.from([place, value ? 1 : 0])
    case 'objectId':
      return Buffer.concat([Buffer.from([place]), (value as InstanceType<typeof ObjectId>).id])
    case 'binData':
      return encodeBinary(place, value as InstanceType<typeof Binary>)
    case 'regex': {
      const { pattern, options } = toRegExpParts(value)
      return Buffer.concat([encodeText(place, pattern), encodeText(place, options)])
    }
    default:
      return Buffer.from([place])
  }
}

/** Doubles sort as unsigned integers after flipping the sign bit, and in negative numbers all other bits too. */
function encodeNumber(place: number, value: Value): Buffer {
  if (value instanceof Decimal128) throw unsupported('Comparing a Decimal128')
  if (value instanceof Long && !Number.isSafeInteger(value.toNumber())) {
    throw unsupported('Comparing a long beyond ±(2^53 − 1)')
  }
  const key = Buffer.allocUnsafe(9)
  key[0] = place
  const number = toNumber(value)
  key.writeDoubleBE(number === 0 ? 0 : number, 1)
  if (Number.isNaN(number))
    key.fill(0, 1) // NaN comes before all numbers.
  else if (key[1]! & 0x80) for (let index = 1; index < 9; index++) key[index] = 255 - key[index]!
  else key[1]! |= 0x80
  return key
}

function encodeInteger(place: number, value: bigint): Buffer {
  const key = Buffer.allocUnsafe(9)
  key[0] = place
  key.writeBigUInt64BE(BigInt.asUintN(64, value) ^ (1n << 63n), 1)
  return key
}

/** Ends with the only zero byte, so that no text is a prefix of another: a byte 0 is escaped as 1 1, and 1 as 1 2. */
function encodeText(place: number, text: string): Buffer {
  const plain = Buffer.from(text)
  if (!plain.includes(0) && !plain.includes(1)) {
    const key = Buffer.allocUnsafe(plain.length + 2)
    key[0] = place
    plain.copy(key, 1)
    key[plain.length + 1] = 0
    return key
  }
  const escaped = [...plain].flatMap((byte) => (byte <= 1 ? [1, byte + 1] : [byte]))
  return Buffer.from([place, ...escaped, 0])
}

function encodeBinary(place: number, { sub_type, position, buffer }: InstanceType<typeof Binary>): Buffer {
  const key = Buffer.alloc(position + 6)
  key[0] = place
  key.writeUInt32BE(position, 1)
  key[5] = sub_type
  key.set(buffer.subarray(0, position), 6)
  return key
}

export function toRegExpParts(value: Value): { pattern: string; options: string } {
  if (value instanceof BSONRegExp) return { pattern: value.pattern, options: value.options }
  const { source, flags } = value as RegExp
  return { pattern: source, options: flags }
}

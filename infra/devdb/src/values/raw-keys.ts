import { TYPE_ORDER } from './bson.ts'
import { appendByte, appendBytes, appendDouble, appendInteger, appendTextBytes } from './key-buffer.ts'
import { type Element, findIn, readInt32, TYPE } from './raw.ts'

/** The value at a path: `missing`, an element that has a key, or one that must be decoded to be compared. */
export type Located = Element | typeof DECODE | null

/** Lists, and the types that are rare, are decoded and compared as values. */
export const DECODE = Symbol('decode')

/**
 * The value at a dotted path below a top-level field, without decoding it. Null for a missing value.
 * @param element the top-level field that `path` begins with.
 */
export function locate(element: Element | null, path: readonly string[], names: readonly Uint8Array[]): Located {
  let at = element
  for (let depth = 1; depth < path.length; depth++) {
    if (at === null) return null
    const type = at.body[at.type]
    if (type === TYPE.array) return DECODE
    if (type !== TYPE.object) return null
    at = findIn(at.body, at.value, names[depth]!)
  }
  return at === null || isComparable(at) ? at : DECODE
}

function isComparable({ body, type, value }: Element): boolean {
  switch (body[type]) {
    case TYPE.string:
    case TYPE.double:
    case TYPE.int:
    case TYPE.date:
    case TYPE.bool:
    case TYPE.null:
    case TYPE.objectId:
    case TYPE.timestamp:
      return true
    case TYPE.long:
      return Number.isSafeInteger(readLong(body, value))
    default:
      return false
  }
}

/** Appends the same bytes as `appendValue` does for the decoded value. Null stands for a missing one. */
export function appendElement(element: Element | null): void {
  const type = element === null ? TYPE.null : element.body[element.type]!
  if (element === null || type === TYPE.null) appendByte(TYPE_ORDER.null)
  else if (type === TYPE.string) appendTextBytes(TYPE_ORDER.string, element.body, element.value + 4, element.end - 1)
  else if (type === TYPE.date) appendInteger(TYPE_ORDER.date, element.body, element.value)
  else if (type === TYPE.timestamp) appendInteger(TYPE_ORDER.timestamp, element.body, element.value)
  else if (type === TYPE.bool || type === TYPE.objectId) {
    appendByte(type === TYPE.bool ? TYPE_ORDER.bool : TYPE_ORDER.objectId)
    appendBytes(element.body, element.value, element.end)
  } else appendDouble(TYPE_ORDER.number, readNumber(element))
}

function readNumber({ body, type, value }: Element): number {
  if (body[type] === TYPE.int) return readInt32(body, value)
  return body[type] === TYPE.long ? readLong(body, value) : readDouble(body, value)
}

const double = new Float64Array(1)
const doubleBytes = new Uint8Array(double.buffer)

export function readDouble(body: Uint8Array, at: number): number {
  for (let byte = 0; byte < 8; byte++) doubleBytes[byte] = body[at + byte]!
  return double[0]!
}

/** Not exact beyond 2^53. */
const readLong = (body: Uint8Array, at: number): number =>
  readInt32(body, at + 4) * 2 ** 32 + (readInt32(body, at) >>> 0)

import { decode, type Fields } from './bson.ts'

/** Names of top-level fields, in the form in which a stored document has them. */
export type Names = readonly Uint8Array[]

export const toNames = (names: readonly string[]): Names => [...new Set(names)].map((name) => Buffer.from(name))

/** The bytes of one field with its type and name; null for a field that the document lacks. */
export type Element = Uint8Array | null

/** The named top-level fields of a document, in the order of `names`. Nothing is decoded. */
export function elementsOf(body: Uint8Array, names: Names): Element[] {
  const found: Element[] = new Array(names.length).fill(null)
  let missing = names.length
  if (missing === 0) return found
  walk(body, (type, name, value, end) => {
    const at = names.findIndex((wanted) => isNamed(body, name, value, wanted))
    if (at < 0) return true
    found[at] = body.subarray(type, end)
    return --missing > 0
  })
  return found
}

/** Decodes fields that were read without decoding. */
export function decodeElements(elements: readonly Element[]): Fields {
  const length = elements.reduce((sum, element) => sum + (element?.length ?? 0), 5)
  const body = Buffer.allocUnsafe(length)
  body.writeInt32LE(length, 0)
  let at = 4
  for (const element of elements) {
    if (element === null) continue
    body.set(element, at)
    at += element.length
  }
  body[at] = 0
  return at === 4 ? {} : decode(body)
}

/** Decodes the named top-level fields of a document and no others. */
export function readFields(body: Uint8Array, names: Names): Fields {
  return decodeElements(elementsOf(body, names))
}

const DOLLAR = 36
const ARRAY = 4
const ID = Buffer.from('_id')

/** Whether a document can be stored as it is: it begins with an id that is no array, and no field is named `$…`. */
export function isStorable(body: Uint8Array): boolean {
  let first = true
  let storable = false
  walk(body, (type, name, value) => {
    if (first) storable = isNamed(body, name, value, ID) && body[type] !== ARRAY
    else if (body[name] === DOLLAR) storable = false
    first = false
    return storable
  })
  return storable
}

/** Checks that all parts of a document end where they must. @throws RangeError */
export function checkDocument(body: Uint8Array): void {
  walk(body, (type, _, value, end) => {
    if (body[type] === DOCUMENT || body[type] === ARRAY) checkDocument(body.subarray(value, end))
    return true
  })
}

const DOCUMENT = 3
type Visit = (type: number, name: number, value: number, end: number) => boolean

/**
 * Visits the elements of a document, with the offsets of type, name and value, and the end, until a visit gives false.
 * @throws RangeError
 */
function walk(body: Uint8Array, visit: Visit): void {
  const last = body.length - 1
  if (last < 4 || readInt32(body, 0) !== body.length || body[last] !== 0) throw new RangeError('Not a document')
  let at = 4
  while (at < last) {
    const name = at + 1
    const value = afterText(body, name)
    const end = value + sizeOf(body[at]!, body, value)
    if (end > last) throw new RangeError('A field that does not end')
    if (!visit(at, name, value, end)) return
    at = end
  }
}

function isNamed(body: Uint8Array, name: number, value: number, wanted: Uint8Array): boolean {
  if (value - name - 1 !== wanted.length) return false
  for (let at = 0; at < wanted.length; at++) if (body[name + at] !== wanted[at]) return false
  return true
}

function afterText(body: Uint8Array, at: number): number {
  let end = at
  while (body[end] !== 0) if (++end >= body.length) throw new RangeError('A name that does not end')
  return end + 1
}

/** The sizes of the types that always have the same. */
const FIXED: Readonly<Record<number, number>> = {
  1: 8, // double
  6: 0, // undefined
  7: 12, // ObjectId
  8: 1, // boolean
  9: 8, // date
  10: 0, // null
  16: 4, // int32
  17: 8, // timestamp
  18: 8, // int64
  19: 16, // Decimal128
  127: 0, // MaxKey
  255: 0, // MinKey
}
/** The bytes of a value beyond the length that it begins with, for the other types. */
const LENGTH_AND: Readonly<Record<number, number>> = {
  2: 4, // string
  [DOCUMENT]: 0,
  [ARRAY]: 0,
  5: 5, // binary
  12: 16, // DBPointer
  13: 4, // code
  14: 4, // symbol
  15: 0, // code with scope
}
const REGEX = 11

function sizeOf(type: number, body: Uint8Array, at: number): number {
  const fixed = FIXED[type]
  if (fixed !== undefined) return fixed
  if (type === REGEX) return afterText(body, afterText(body, at)) - at
  const more = LENGTH_AND[type]
  const length = readInt32(body, at)
  if (more === undefined || length < 0) throw new RangeError(`A field of the type ${type}`)
  return length + more
}

function readInt32(body: Uint8Array, at: number): number {
  return body[at]! | (body[at + 1]! << 8) | (body[at + 2]! << 16) | (body[at + 3]! << 24)
}

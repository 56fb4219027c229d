import { decode, type Fields } from './bson.ts'

/** Names of top-level fields, in the form in which a stored document has them. */
export type Names = readonly Uint8Array[]

export const toNames = (names: readonly string[]): Names => names.map((name) => Buffer.from(name))

/** One field of a document: the offsets of its type, of its value behind the name, and of its end. */
export type Element = Readonly<{ body: Uint8Array; type: number; value: number; end: number }>

/** The named top-level fields of a document, in the order of `names`; null for a missing one. Nothing is decoded. */
export function elementsOf(body: Uint8Array, names: Names): (Element | null)[] {
  const found: (Element | null)[] = new Array(names.length).fill(null)
  let missing = names.length
  const last = lastOf(body, 0)
  for (let type = 4; type < last && missing > 0; ) {
    const value = afterText(body, type + 1)
    const end = endOfValue(body, type, value, last)
    const at = indexOfName(names, body, type + 1, value)
    if (at >= 0 && found[at] === null) {
      found[at] = { body, type, value, end }
      missing--
    }
    type = end
  }
  return found
}

/** All fields of the document that begins at `from`. @throws RangeError */
export function listElements(body: Uint8Array, from = 0): Element[] {
  const all: Element[] = []
  const last = lastOf(body, from)
  for (let type = from + 4; type < last; ) {
    const value = afterText(body, type + 1)
    const end = endOfValue(body, type, value, last)
    all.push({ body, type, value, end })
    type = end
  }
  return all
}

/** The name of a field. */
export const nameOf = ({ body, type, value }: Element): string =>
  Buffer.from(body.buffer, body.byteOffset + type + 1, value - type - 2).toString()

function indexOfName(names: Names, body: Uint8Array, name: number, value: number): number {
  for (let at = 0; at < names.length; at++) if (isNamed(body, name, value, names[at]!)) return at
  return -1
}

/** The field of a document that begins at `from`; null when it has none of this name. */
export function findIn(body: Uint8Array, from: number, name: Uint8Array): Element | null {
  const last = from + readInt32(body, from) - 1
  let at = from + 4
  while (at < last) {
    const value = afterText(body, at + 1)
    const end = value + sizeOf(body[at]!, body, value)
    if (isNamed(body, at + 1, value, name)) return { body, type: at, value, end }
    at = end
  }
  return null
}

/** Whether both are missing, or have the same name and the same bytes. */
export function isSameElement(a: Element | null, b: Element | null): boolean {
  if (a === null || b === null) return a === b
  const length = a.end - a.type
  if (b.end - b.type !== length) return false
  for (let at = 0; at < length; at++) if (a.body[a.type + at] !== b.body[b.type + at]) return false
  return true
}

/** A document of fields that were read without decoding. */
export function joinElements(elements: readonly (Element | null)[]): Uint8Array {
  const length = elements.reduce((sum, element) => sum + (element ? element.end - element.type : 0), 5)
  const body = Buffer.allocUnsafe(length)
  body.writeInt32LE(length, 0)
  let at = 4
  for (const element of elements) {
    if (element === null) continue
    body.set(element.body.subarray(element.type, element.end), at)
    at += element.end - element.type
  }
  body[at] = 0
  return body
}

/** Decodes fields that were read without decoding. */
export function decodeElements(elements: readonly (Element | null)[]): Fields {
  return elements.some((element) => element !== null) ? decode(joinElements(elements)) : {}
}

/** Decodes the named top-level fields of a document and no others. */
export function readFields(body: Uint8Array, names: Names): Fields {
  return decodeElements(elementsOf(body, names))
}

/** Type codes of BSON. */
export const TYPE = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  int: 16,
  timestamp: 17,
  long: 18,
} as const

const DOLLAR = 36
const ID = Buffer.from('_id')

/** Whether a document can be stored as it is: it begins with an id that is no array, and no field is named `$…`. */
export function isStorable(body: Uint8Array): boolean {
  const last = lastOf(body, 0)
  if (last === 4 || !isNamed(body, 5, afterText(body, 5), ID) || body[4] === TYPE.array) return false
  for (let type = 4; type < last; ) {
    if (body[type + 1] === DOLLAR) return false
    type = endOfValue(body, type, afterText(body, type + 1), last)
  }
  return true
}

/** Checks that all parts of a document end where they must. @throws RangeError */
export function checkDocument(body: Uint8Array): void {
  if (body.length < 5 || readInt32(body, 0) !== body.length) throw new RangeError('Not a document')
  checkAt(body, 0, body.length)
}

function checkAt(body: Uint8Array, from: number, documentEnd: number): void {
  if (readInt32(body, from) !== documentEnd - from) throw new RangeError('Not a document')
  const last = lastOf(body, from)
  for (let type = from + 4; type < last; ) {
    const value = afterText(body, type + 1)
    const end = endOfValue(body, type, value, last)
    if (body[type] === TYPE.object || body[type] === TYPE.array) checkAt(body, value, end)
    type = end
  }
}

/** The offset of the last byte of the document at `from`. @throws RangeError */
function lastOf(body: Uint8Array, from: number): number {
  const length = readInt32(body, from)
  const last = from + length - 1
  if (length < 5 || last >= body.length || body[last] !== 0) throw new RangeError('Not a document')
  return last
}

/** @param last the offset of the last byte of the document. @throws RangeError */
function endOfValue(body: Uint8Array, type: number, value: number, last: number): number {
  const end = value + sizeOf(body[type]!, body, value)
  if (end > last) throw new RangeError('A field that does not end')
  return end
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

/** The size of a value by its type: a fixed one, or that of what follows the length with which it begins. */
const FIXED = toTable({ 1: 8, 6: 0, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16, 127: 0, 255: 0 })
/** Strings, documents, lists, binary, DBPointers, code, symbols, and code with scope. */
const LENGTH_AND = toTable({ 2: 4, 3: 0, 4: 0, 5: 5, 12: 16, 13: 4, 14: 4, 15: 0 })
const REGEX = 11

function toTable(sizes: Readonly<Record<number, number>>): Int8Array {
  return Int8Array.from({ length: 256 }, (_, type) => sizes[type] ?? -1)
}

function sizeOf(type: number, body: Uint8Array, at: number): number {
  const fixed = FIXED[type]!
  if (fixed >= 0) return fixed
  if (type === REGEX) return afterText(body, afterText(body, at)) - at
  const more = LENGTH_AND[type]!
  const length = readInt32(body, at)
  if (more < 0 || length < 0) throw new RangeError(`A field of the type ${type}`)
  return length + more
}

export function readInt32(body: Uint8Array, at: number): number {
  return body[at]! | (body[at + 1]! << 8) | (body[at + 2]! << 16) | (body[at + 3]! << 24)
}

import fc from 'fast-check'
import { BSON } from 'mongodb'

const { Binary, BSONRegExp, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } = BSON

/** Few values, so that many are equal, with those at the limits of their types. */
const number = fc.oneof(
  fc
    .constantFrom(0, -0, 1, -1, 0.5, -0.5, 2 ** 31, -(2 ** 31), Number.NaN, Infinity, -Infinity)
    .map((n) => new Double(n)),
  fc.double().map((n) => new Double(n)),
  fc.integer({ min: -3, max: 3 }).map((n) => new Int32(n)),
  fc.maxSafeInteger().map((n) => Long.fromNumber(n)),
)
const text = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'ab', 'a\0', 'a\0b', 'a\u0001', 'a\u0001b', 'é', '🌊', '\uffff'),
  fc.string({ maxLength: 4 }),
)
const scalar = fc.oneof(
  { arbitrary: number, weight: 4 },
  { arbitrary: text, weight: 4 },
  fc.constantFrom(null, true, false, new MinKey(), new MaxKey()),
  fc.integer({ min: -5, max: 5 }).map((ms) => new Date(ms)),
  fc.constantFrom('0'.repeat(24), `${'0'.repeat(23)}1`, 'f'.repeat(24)).map((hex) => new ObjectId(hex)),
  fc.tuple(fc.uint8Array({ maxLength: 3 }), fc.constantFrom(0, 4, 128)).map(([bytes, type]) => new Binary(bytes, type)),
  fc.tuple(fc.nat(2), fc.nat(2)).map(([t, i]) => new Timestamp({ t, i })),
  fc.tuple(fc.constantFrom('', 'a', 'ab'), fc.constantFrom('', 'i')).map(([p, o]) => new BSONRegExp(p, o)),
)

/** Scalars, lists and documents, a few levels deep. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    { arbitrary: scalar, weight: 5 },
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'ab'), tie('value'), { maxKeys: 3 }),
  ),
})).value

/** Written from MongoDB's manual ("Comparison/Sort Order"), independently of the code. */
export function compareBson(a: unknown, b: unknown): number {
  const byType = Math.sign(rank(a) - rank(b))
  if (byType !== 0) return byType
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(Number(a), Number(b))
  if (typeof a === 'string' && typeof b === 'string') return Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))
  if (typeof a === 'boolean' && typeof b === 'boolean') return Math.sign(Number(a) - Number(b))
  if (a instanceof Date && b instanceof Date) return Math.sign(a.getTime() - b.getTime())
  if (a instanceof ObjectId && b instanceof ObjectId) return Math.sign(Buffer.compare(a.id, b.id))
  if (a instanceof Timestamp && b instanceof Timestamp) return Math.sign(a.t - b.t || a.i - b.i)
  if (a instanceof BSONRegExp && b instanceof BSONRegExp)
    return compareBson(a.pattern, b.pattern) || compareBson(a.options, b.options)
  if (a instanceof Binary && b instanceof Binary)
    return Math.sign(
      a.length() - b.length() ||
        a.sub_type - b.sub_type ||
        Buffer.compare(Buffer.from(a.value()), Buffer.from(b.value())),
    )
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b)
  if (rank(a) === 4) return compareDocuments(a as object, b as object)
  return 0
}

function rank(value: unknown): number {
  if (value instanceof MinKey) return 0
  if (value === null) return 1
  if (isNumeric(value)) return 2
  if (typeof value === 'string') return 3
  if (Array.isArray(value)) return 5
  if (value instanceof Binary) return 6
  if (value instanceof ObjectId) return 7
  if (typeof value === 'boolean') return 8
  if (value instanceof Date) return 9
  if (value instanceof Timestamp) return 10
  if (value instanceof BSONRegExp) return 11
  if (value instanceof MaxKey) return 12
  return 4
}

function isNumeric(value: unknown): boolean {
  return value instanceof Int32 || value instanceof Double || (value instanceof Long && !(value instanceof Timestamp))
}

/** NaN is less than all numbers and equal to itself. */
function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a))
  return a < b ? -1 : a > b ? 1 : 0
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (const [at, item] of a.entries()) {
    if (at >= b.length) return 1
    const order = compareBson(item, b[at])
    if (order !== 0) return order
  }
  return a.length < b.length ? -1 : 0
}

/** Field by field: first the types of the values, then the names, then the values. */
function compareDocuments(a: object, b: object): number {
  const [left, right] = [Object.entries(a), Object.entries(b)]
  for (const [at, [name, value]] of left.entries()) {
    const other = right[at]
    if (!other) return 1
    const order = Math.sign(rank(value) - rank(other[1])) || compareBson(name, other[0]) || compareBson(value, other[1])
    if (order !== 0) return order
  }
  return left.length < right.length ? -1 : 0
}

import fc from 'fast-check'
import { BSON } from 'mongodb'
import { describe, expect, it } from 'vitest'
import { CommandError } from '../src/errors.ts'
import { compileStoredUpdate } from '../src/updates/stored-update.ts'
import { compileUpdate } from '../src/updates/updater.ts'
import { decode, encode, type Fields } from '../src/values/bson.ts'
import { anyValue } from './values.ts'

const { Int32 } = BSON

const name = fc.constantFrom('a', 'b', 'ab', 'é', 'list', '_id')
const path = fc.oneof(
  name,
  fc.tuple(name, fc.constantFrom('a', 'b', '0', '2')).map((parts) => parts.join('.')),
)
const list = fc.array(anyValue, { maxLength: 4 })
const document = fc
  .tuple(fc.integer(), fc.dictionary(name, fc.oneof(anyValue, list, fc.dictionary(name, anyValue)), { maxKeys: 5 }))
  .map(([id, { _id, ...fields }]): Fields => ({ _id: new Int32(id), ...fields }))

const int = fc.integer({ min: -3, max: 3 }).map((value) => new Int32(value))
const anyNumber = fc.oneof(
  int,
  fc.constantFrom(new Int32(0x7fffffff), new Int32(-0x80000000), 0.5, BSON.Long.fromNumber(2 ** 40), 'none'),
)
const operandOf: Record<string, fc.Arbitrary<unknown>> = {
  $set: fc.oneof(anyValue, list, fc.dictionary(name, anyValue)),
  $setOnInsert: anyValue,
  $unset: fc.constant(''),
  $inc: int,
  $mul: int,
  $min: anyValue,
  $max: anyValue,
  $rename: path,
  $push: fc.oneof(anyValue, fc.record({ $each: list, $slice: int })),
  $addToSet: fc.oneof(anyValue, fc.record({ $each: list })),
  $pull: anyValue,
  $pop: int,
}
const operators = fc
  .array(
    fc
      .constantFrom(...Object.keys(operandOf))
      .chain((operator) => fc.tuple(fc.constant(operator), path, operandOf[operator]!)),
    { minLength: 1, maxLength: 4 },
  )
  .map((steps) => {
    const update: Record<string, Fields> = {}
    for (const [operator, field, operand] of steps) update[operator] = { ...update[operator], [field]: operand }
    return update as Fields
  })
const onlySet = fc.dictionary(name, operandOf.$set!, { minKeys: 1 }).map(($set): Fields => ({ $set }))
const wholeFields = fc
  .dictionary(
    fc.constantFrom('a', 'b', 'ab', 'é', 'list'),
    fc
      .constantFrom('$set', '$unset', '$inc', '$min', '$max')
      .chain((operator) => fc.tuple(fc.constant(operator), operator === '$inc' ? anyNumber : operandOf[operator]!)),
    { minKeys: 1 },
  )
  .map((steps) => {
    const update: Record<string, Fields> = {}
    for (const [field, [operator, operand]] of Object.entries(steps)) {
      update[operator] = { ...update[operator], [field]: operand }
    }
    return update as Fields
  })
const replacement = fc.dictionary(fc.constantFrom('a', 'b', 'new'), anyValue, { minKeys: 1 })

/** The bytes, or the code of the error. */
function outcomeOf(work: () => Uint8Array): string | number {
  try {
    return Buffer.from(work()).toString('hex')
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return error.code
  }
}

describe('an update of a stored document', () => {
  it.for<[string, fc.Arbitrary<Fields>]>([
    ['any operators', operators],
    ['$set alone', onlySet],
    ['operators on whole fields', wholeFields],
    ['a replacement', replacement],
  ])('by %s gives the bytes that decoding and encoding all of it give', ([, updates]) => {
    fc.assert(
      fc.property(document, updates, (fields, update) => {
        const body = encode(fields)
        const sent = encode(update)

        const expected = outcomeOf(() => encode(compileUpdate(decode(sent)).apply(decode(body), false)))

        expect(outcomeOf(() => compileStoredUpdate(sent).change(body))).toBe(expected)
        expect(outcomeOf(() => compileStoredUpdate(decode(sent)).change(body))).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('adds fields at the end in the order of their names, and sets a field in its place', () => {
    const body = encode({ _id: 1, z: 1, y: 2 })

    const changed = compileStoredUpdate(encode({ $set: { c: 1, z: 3, b: 2 } })).change(body)

    expect(Object.keys(decode(changed))).toEqual(['_id', 'z', 'y', 'b', 'c'])
    expect(decode(changed).z).toEqual(new Int32(3))
  })

  it('creates a document from the fields of a filter', () => {
    const update = encode({ $set: { a: 1 } })

    expect(compileStoredUpdate(update).create({ _id: 'x' })).toEqual({ _id: 'x', a: new Int32(1) })
  })
})

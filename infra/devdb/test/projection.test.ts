import fc from 'fast-check'
import { BSON } from 'mongodb'
import { expect, it } from 'vitest'
import { CommandError } from '../src/errors.ts'
import { compileProjection, compileStoredProjection } from '../src/queries/projection.ts'
import { decode, encode, type Fields } from '../src/values/bson.ts'
import { anyValue } from './values.ts'

const name = fc.constantFrom('a', 'b', 'ab', '_id')
const path = fc.oneof(
  name,
  fc.tuple(name, name).map((names) => names.join('.')),
)
const document = fc
  .dictionary(name, fc.oneof(anyValue, fc.dictionary(name, anyValue), fc.array(fc.dictionary(name, anyValue))))
  .map(({ _id, ...fields }): Fields => ({ _id: new BSON.Int32(1), ...fields }))
const projection = fc.oneof(
  fc.dictionary(path, fc.constant(1), { minKeys: 1 }),
  fc.dictionary(path, fc.constant(0), { minKeys: 1 }),
  fc.dictionary(path, fc.constant(1), { minKeys: 1 }).map((fields) => ({ ...fields, _id: 0 })),
)

it('a projection of stored documents gives the bytes that decoding and encoding all of them give', () => {
  const outcomeOf = (work: () => Uint8Array) => {
    try {
      return Buffer.from(work()).toString('hex')
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      return error.code
    }
  }
  fc.assert(
    fc.property(document, projection, (fields, wanted) => {
      const body = encode(fields)

      const expected = outcomeOf(() => encode(compileProjection(wanted)(decode(body))))

      expect(outcomeOf(() => compileStoredProjection(wanted)(body))).toBe(expected)
    }),
    { numRuns: 500 },
  )
})

import fc from 'fast-check'
import { BSON } from 'mongodb'
import { describe, expect, it } from 'vitest'
import { compileFilter } from '../src/queries/matcher.ts'
import { compileTest } from '../src/queries/stored-test.ts'
import { entriesOf, readIndexed } from '../src/storage/entries.ts'
import { readIndex } from '../src/storage/indexes.ts'
import { decode, encode, type Fields } from '../src/values/bson.ts'
import { encodeKey, invert } from '../src/values/keys.ts'
import { toPath, valueAt } from '../src/values/paths.ts'
import { anyValue } from './values.ts'

const document = fc.dictionary(fc.constantFrom('a', 'b', 'ab'), anyValue, { maxKeys: 3 })
const name = fc.constantFrom('a', 'b', 'a.a', 'a.b', 'a.a.b', 'b.ab')
const bound = fc.constantFrom('$eq', '$gt', '$gte', '$lt', '$lte', '$ne')
const isPattern = (value: unknown) => value instanceof BSON.BSONRegExp
const operand = anyValue.filter((value) => !isPattern(value))
const condition = fc.oneof(
  operand,
  fc.tuple(bound, operand, bound, operand).map(([o1, v1, o2, v2]) => ({ [o1]: v1, [o2]: v2 })),
  fc.array(operand, { maxLength: 3 }).map((list) => ({ $in: list })),
  fc.boolean().map((exists) => ({ $exists: exists })),
)

describe('a filter, applied to a document in its stored form,', () => {
  it('gives the same answer as when applied to the decoded document', () => {
    const filter = fc.dictionary(name, condition, { maxKeys: 2 })
    fc.assert(
      fc.property(document, filter, fc.boolean(), (fields, wanted, isNested) => {
        const body = encode(fields)
        const asked = decode(encode(isNested ? { $and: [wanted, wanted] } : wanted))

        expect(compileTest(asked)(body)).toBe(compileFilter(asked)(decode(body)))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('an index entry, made of a document in its stored form,', () => {
  it('has the keys of the decoded values', () => {
    const holdsList = (fields: Fields, path: readonly string[]): boolean =>
      path.some((_, depth) => Array.isArray(valueAt(fields, path.slice(0, depth + 1))))
    fc.assert(
      fc.property(document, name, name, (body, first, second) => {
        const stored = encode(body)
        const fields = decode(stored)
        fc.pre(first !== second && ![first, second].some((one) => holdsList(fields, toPath(one))))
        const indexes = [readIndex({ key: { [first]: 1, [second]: -1 }, name: 'i' }, 1)]

        const [entry] = entriesOf(indexes, 0, readIndexed(indexes, stored), Buffer.from('id'))

        const keys = [encodeKey(valueAt(fields, toPath(first))), invert(encodeKey(valueAt(fields, toPath(second))))]
        expect(entry!.key).toEqual(Buffer.concat([...keys, Buffer.from('id')]))
      }),
      { numRuns: 2000 },
    )
  })
})

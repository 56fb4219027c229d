import fc from 'fast-check'
import { BSON } from 'mongodb'
import { describe, expect, it } from 'vitest'
import { encodeKey, invert } from '../src/values/keys.ts'
import { anyValue, compareBson } from './values.ts'

const order = (a: unknown, b: unknown) => Math.sign(Buffer.compare(encodeKey(a), encodeKey(b)))

describe('a key', () => {
  it('sorts as MongoDB sorts the value', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        expect(order(a, b)).toBe(compareBson(a, b))
      }),
      { numRuns: 500 },
    )
  })

  it('in descending order sorts in reverse', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        const inverted = Buffer.compare(invert(encodeKey(a)), invert(encodeKey(b)))

        expect(Math.sign(inverted)).toBe(compareBson(b, a))
      }),
    )
  })

  it('followed by another sorts by the first and then by the second, in both directions', () => {
    fc.assert(
      fc.property(fc.tuple(anyValue, anyValue), fc.tuple(anyValue, anyValue), ([a, b], [c, d]) => {
        const expected = compareBson(a, c) || compareBson(d, b)
        const first = Buffer.concat([encodeKey(a), invert(encodeKey(b))])
        const second = Buffer.concat([encodeKey(c), invert(encodeKey(d))])

        expect(Math.sign(Buffer.compare(first, second))).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })

  it('of a text is not a prefix of the key of a longer one', () => {
    expect(order('a', 'a\0')).toBe(-1)
    expect(Math.sign(Buffer.compare(invert(encodeKey('a')), invert(encodeKey('a\0'))))).toBe(1)
  })

  it.for<[string, unknown]>([
    ['a decimal128', BSON.Decimal128.fromString('1')],
    ['a long that no double holds', BSON.Long.fromString('9007199254740993')],
    ['code', new BSON.Code('1')],
  ])('is refused for %s, which it could not put in order', ([, value]) => {
    expect(() => encodeKey(value)).toThrow(expect.objectContaining({ code: 238 }))
  })
})

import fc from 'fast-check'
import { BSON } from 'mongodb'
import { describe, expect, it } from 'vitest'
import { compileUpdate } from '../src/updates/updater.ts'
import { decode, encode, type Fields } from '../src/values/bson.ts'
import { anyValue, compareBson } from './values.ts'

const { Int32 } = BSON

const after = (fields: Fields, ...updates: Fields[]) =>
  updates.reduce((state, update) => compileUpdate(update).apply(decode(encode(state)), false), fields)
const values = fc.array(anyValue, { maxLength: 5 })

describe('an update', () => {
  it('by $inc adds up in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }), (steps) => {
        const updates = steps.map((step) => ({ $inc: { n: new Int32(step) } }))

        expect(after({}, ...updates)).toEqual({ n: new Int32(steps.reduce((sum, step) => sum + step, 0)) })
        expect(after({}, ...updates.toReversed())).toEqual(after({}, ...updates))
      }),
    )
  })

  it('by $addToSet adds every item once, and a second time changes nothing', () => {
    fc.assert(
      fc.property(values, values, (before, added) => {
        const update = { $addToSet: { set: { $each: added } } }
        const once = after({ set: before }, update)

        expect(after(once, update)).toEqual(once)
        for (const item of added) {
          const same = (once.set as unknown[]).filter((other) => compareBson(item, other) === 0)
          const had = before.filter((other) => compareBson(item, other) === 0)
          expect(same).toHaveLength(Math.max(1, had.length))
        }
      }),
    )
  })

  it('by $push and $pop restores the array', () => {
    fc.assert(
      fc.property(values, anyValue, (before, item) => {
        const fields = decode(encode({ list: before }))

        const updates = [{ $push: { list: { $each: [item] } } }, { $pop: { list: new Int32(1) } }]

        expect(after(fields, ...updates)).toEqual(fields)
      }),
    )
  })

  it('by $set can be repeated, and $unset removes the field', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const set = { $set: { 'a.b': value } }

        expect(after({}, set, set)).toEqual(decode(encode({ a: { b: value } })))
        expect(after({ a: { c: 1 } }, set, { $unset: { 'a.b': '' } })).toEqual({ a: { c: new Int32(1) } })
      }),
    )
  })

  it('by $min and $max keeps the least and the greatest value', () => {
    fc.assert(
      fc.property(fc.array(anyValue, { minLength: 1, maxLength: 5 }), (many) => {
        const sorted = many.toSorted(compareBson)
        const least = after({}, ...many.map((v) => ({ $min: { v } }))).v
        const greatest = after({}, ...many.map((v) => ({ $max: { v } }))).v

        expect(compareBson(least, sorted[0])).toBe(0)
        expect(compareBson(greatest, sorted.at(-1))).toBe(0)
      }),
    )
  })

  it('refuses to fill a list with millions of nulls', () => {
    expect(() => after({ a: [] }, { $set: { 'a.99999999': 1 } })).toThrow(expect.objectContaining({ code: 2 }))
  })
})

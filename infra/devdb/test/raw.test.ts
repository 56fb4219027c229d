import { BSON, type Document } from 'mongodb'
import { describe, expect, it } from 'vitest'
import { decode, encode } from '../src/values/bson.ts'
import { checkDocument, isStorable, readFields, toNames } from '../src/values/raw.ts'

/** A value of each type, with the named field behind it. */
const everyType: Document = {
  _id: 1,
  double: 1.5,
  text: 'ü\0',
  object: { last: 'no' },
  array: [{ last: 'no' }],
  binary: new BSON.Binary(Buffer.from('abc')),
  id: new BSON.ObjectId(),
  bool: true,
  date: new Date(0),
  none: null,
  pattern: new BSON.BSONRegExp('a', 'i'),
  code: new BSON.Code('x', { y: 1 }),
  symbol: new BSON.BSONSymbol('s'),
  time: new BSON.Timestamp({ t: 1, i: 1 }),
  long: BSON.Long.MAX_VALUE,
  decimal: BSON.Decimal128.fromString('1.5'),
  least: new BSON.MinKey(),
  most: new BSON.MaxKey(),
  last: 'yes',
}

describe('a document in its stored form', () => {
  it('gives the named top-level fields, whatever lies before them', () => {
    const body = encode(everyType)

    checkDocument(body)

    expect(readFields(body, toNames(['last', 'las', 'lasts']))).toEqual({ last: 'yes' })
    expect(readFields(body, toNames(Object.keys(everyType)))).toEqual(decode(body))
    expect(readFields(body, [])).toEqual({})
  })

  it.for<[string, Document, boolean]>([
    ['has its id first', { _id: 1, a: { $set: 1 } }, true],
    ['has its id behind another field', { a: 1, _id: 1 }, false],
    ['has no id', {}, false],
    ['has an array for an id', { _id: [1] }, false],
    ['has a field like an operator', { _id: 1, $a: 1 }, false],
  ])('that %s is stored unchanged or not', ([, document, expected]) => {
    expect(isStorable(encode(document))).toBe(expected)
  })

  it('is refused when any of its bytes of structure is cut or wrong', () => {
    const body = encode({ _id: 1, a: { b: ['text', { c: 1 }] } })
    const cut = [...body.keys()].map((length) => {
      const part = Buffer.from(body.subarray(0, length))
      if (length >= 4) part.writeInt32LE(length, 0)
      return part
    })
    const nested = Buffer.from(body)
    nested.writeInt32LE(1000, nested.indexOf('a\0') + 2)

    for (const bytes of [...cut, nested]) expect(() => checkDocument(bytes)).toThrow(RangeError)
  })
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { BSON } from 'mongodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createContext, type Database, openDatabase } from '../src/database.ts'
import { readSort } from '../src/queries/planner.ts'
import { find, type Query } from '../src/queries/query.ts'
import { decode, encode, type Fields } from '../src/values/bson.ts'

const { Double, Int32 } = BSON
const number = (n: number) => (Number.isInteger(n) ? new Int32(n) : new Double(n))

const uniqueValue = (n: number) => (n % 2 === 0 ? number(n) : [number(n), `${n}`])

/** Small values of several types, so that filters match often. */
const scalar = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 1.5, Number.NaN).map(number),
  fc.constantFrom('a', 'b', 'ab', null, true),
)
const item = fc.oneof({ arbitrary: scalar, weight: 4 }, fc.constantFrom({ x: number(1) }, [number(1)]))
const value = fc.oneof({ arbitrary: scalar, weight: 4 }, fc.array(item, { maxLength: 3 }))
const a = fc.oneof({ arbitrary: value, weight: 2 }, fc.record({ x: value }, { requiredKeys: [] }))
// At most one field of a compound index may hold an array.
const document = fc.oneof(
  fc.record({ a, b: scalar, c: scalar }, { requiredKeys: [] }),
  fc.record({ a: scalar, b: value, c: scalar }, { requiredKeys: [] }),
)

const bound = fc.constantFrom('$gt', '$gte', '$lt', '$lte')
const condition = fc.oneof(
  scalar,
  fc.tuple(bound, scalar).map(([operator, operand]) => ({ [operator]: operand })),
  fc.tuple(bound, scalar, bound, scalar).map(([o1, v1, o2, v2]) => ({ [o1]: v1, [o2]: v2 })),
  fc.array(scalar, { maxLength: 3 }).map((list) => ({ $in: list })),
  scalar.map((operand) => ({ $ne: operand })),
  fc.boolean().map((exists) => ({ $exists: exists })),
)
const name = fc.constantFrom('a', 'a.x', 'b', 'c', 'unique', '_id')
const simple = fc.dictionary(name, condition, { maxKeys: 3 })
const filter: fc.Arbitrary<Fields> = fc.oneof(
  { arbitrary: simple, weight: 3 },
  fc.tuple(simple, fc.array(simple, { minLength: 1, maxLength: 3 })).map(([all, $or]) => ({ ...all, $or })),
  fc.array(simple, { minLength: 1, maxLength: 2 }).map(($and) => ({ $and })),
)
const sort = fc
  .uniqueArray(fc.constantFrom('a', 'a.x', 'b', 'c'), { maxLength: 2 })
  .chain((names) => fc.tuple(...names.map((one) => fc.tuple(fc.constant(one), fc.constantFrom(1, -1)))))
  .map((pairs) => readSort(Object.fromEntries(pairs.map(([one, way]) => [one, number(way)]))))

const INDEXES = [
  { key: { a: 1 } },
  { key: { a: -1, b: 1 } },
  { key: { 'a.x': 1, c: -1 } },
  { key: { b: 1, a: 1, c: 1 } },
  { key: { c: -1 }, sparse: true },
  { key: { b: -1 }, partialFilterExpression: { c: { $exists: true } } },
  { key: { c: 1, b: -1 }, partialFilterExpression: { c: 'a' } },
  { key: { c: 1, a: 1 }, partialFilterExpression: { c: { $gt: '' } } },
  { key: { unique: -1 }, unique: true },
].map((definition) => encode({ ...definition, name: JSON.stringify(definition) }))

describe('a query', () => {
  let directory: string
  let database: Database
  let count = 0
  const collect = (documents: readonly Fields[], indexes: readonly Uint8Array[]) => {
    const context = createContext(database, 'test', null)
    const collection = context.getOrCreate(`c${++count}`)
    database.catalog.createIndexes(collection, indexes.map(decode))
    for (const [at, fields] of documents.entries())
      context.writer.insert(collection, encode({ _id: number(at), unique: uniqueValue(at), ...fields }))
    return (query: Query) => find(context.view, collection, query)
  }

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'devdb-'))
    database = openDatabase(join(directory, 'db'), { refuseScans: false })
  })
  afterAll(() => {
    database.close()
    rmSync(directory, { recursive: true })
  })

  it('finds the same documents in the same order with any indexes as without', async () => {
    const query = fc.record({ filter, sort, skip: fc.constant(0), limit: fc.constant(0) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { maxLength: 12 }),
        fc.subarray(INDEXES),
        fc.array(query, { minLength: 3, maxLength: 8 }),
        async (documents, indexes, queries) => {
          const [plain, indexed] = [collect(documents, []), collect(documents, indexes)]

          for (const one of queries) {
            const byId = { ...one, sort: [...one.sort, { name: '_id', direction: 1 as const }] }
            const [expected, found] = [await plain(byId), await indexed(byId)]
            const limited = await indexed({ ...byId, skip: 1, limit: 2 })
            const unsorted = await indexed({ ...one, sort: [], limit: 3 })

            expect(found.map(({ fields }) => fields)).toEqual(expected.map(({ fields }) => fields))
            expect(limited.map(({ fields }) => fields)).toEqual(expected.slice(1, 3).map(({ fields }) => fields))
            expect(unsorted).toHaveLength(Math.min(3, expected.length))
          }
        },
      ),
      { numRuns: 80 },
    )
  })
})

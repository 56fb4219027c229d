import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import type { Collection, MongoClient } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import type { PageArguments } from '../connection.ts'
import { connectMongo } from './mongo.ts'
import { partOf, readMergedPage, readPage } from './pagination.ts'

type Row = { _id: string; rank: number; part?: number }
let mongo: MongoClient
let rows: Collection<Row>

beforeAll(async () => {
  mongo = await connectMongo(inject('mongoUri'), 'test')
})
afterAll(() => mongo?.close())
beforeEach(async (context) => {
  const db = mongo.db(`pages-${randomUUID()}`)
  rows = db.collection<Row>('rows')
  await rows.createIndex({ rank: 1, _id: 1 })
  context.onTestFinished(async () => void (await db.dropDatabase()))
})

const order = { field: 'rank', direction: -1 } as const
const pageOf = (page: PageArguments) =>
  readPage({ collection: rows, filter: {}, order, page, toNode: ({ _id }) => _id })

const partsOf = (collection: Collection<Row>) =>
  [0, 1].map((part) => partOf({ collection, filter: { part, rank: { $gte: 0 } }, toNode: ({ _id }) => _id }))
const mergedPageOf = (page: PageArguments) => readMergedPage(partsOf(rows), { order, page })

async function walk(forward: boolean, size: number, read = pageOf): Promise<string[]> {
  const seen: string[] = []
  let cursor: string | null = null
  for (;;) {
    const page = await read(forward ? { first: size, after: cursor } : { last: size, before: cursor })
    if (forward) seen.push(...page.nodes)
    else seen.unshift(...page.nodes)
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo
    if (!(forward ? hasNextPage : hasPreviousPage)) return seen
    cursor = forward ? endCursor : startCursor
  }
}

describe('a list read page by page', () => {
  it('gives every row once and in order, whatever the size of a page and however many rows are equal', async () => {
    const ranks = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(ranks, fc.integer({ min: 1, max: 7 }), async (given, size) => {
        await rows.deleteMany({})
        const documents = given.map((rank, index) => ({
          _id: `r${String(index).padStart(2, '0')}`,
          rank,
          part: index % 2,
        }))
        await rows.insertMany(documents)
        const expected = documents.sort((a, b) => b.rank - a.rank || (a._id < b._id ? 1 : -1)).map(({ _id }) => _id)

        expect(await walk(true, size)).toEqual(expected)
        expect(await walk(false, size)).toEqual(expected)
        expect(await walk(true, size, mergedPageOf)).toEqual(expected)
        expect(await walk(false, size, mergedPageOf)).toEqual(expected)
      }),
      { numRuns: 12 },
    )
  })

  it('keeps its place while rows are added before it', async () => {
    await rows.insertMany([1, 2, 3, 4].map((rank) => ({ _id: `r${rank}`, rank })))
    const first = await pageOf({ first: 2 })
    await rows.insertOne({ _id: 'newest', rank: 9 })

    const second = await pageOf({ first: 2, after: first.pageInfo.endCursor })

    expect([...first.nodes, ...second.nodes]).toEqual(['r4', 'r3', 'r2', 'r1'])
  })

  it('counts all rows when asked', async () => {
    await rows.insertMany([1, 2, 3].map((rank) => ({ _id: `r${rank}`, rank })))

    expect(await (await pageOf({ first: 1 })).totalCount()).toBe(3)
    await rows.updateMany({ rank: { $lt: 3 } }, { $set: { part: 1 } })
    expect(await (await mergedPageOf({ first: 1 })).totalCount()).toBe(2)
  })

  it('has an empty page where only the count is wanted', async () => {
    await rows.insertMany([1, 2, 3].map((rank) => ({ _id: `r${rank}`, rank })))

    const [first, last] = [await pageOf({ first: 0 }), await pageOf({ last: 0 })]

    expect([first.nodes, last.nodes]).toEqual([[], []])
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, startCursor: null, endCursor: null })
    expect(last.pageInfo).toMatchObject({ hasPreviousPage: true })
    expect(await first.totalCount()).toBe(3)
  })

  it.for<[string, PageArguments]>([
    ['first', { first: -1 }],
    ['last', { last: -1 }],
    ['first', { first: 101 }],
    ['last', { last: 101 }],
    ['first', { first: 1, last: 1 }],
    ['after', { after: 'garbage' }],
    ['after', { after: Buffer.from('[1,"other","number",1,"x"]').toString('base64url') }],
    ['after', { after: Buffer.from('[0,"rank","number",1,"x"]').toString('base64url') }],
    ['before', { before: Buffer.from('[1,"rank","number",{"$gt":0},"x"]').toString('base64url') }],
  ])('refuses a bad %s (%j)', async ([argument, page]) => {
    const refusal = expect.objectContaining({
      code: 'BAD_USER_INPUT',
      facts: expect.objectContaining({ argumentPath: [argument] }),
    })

    await expect(pageOf(page)).rejects.toThrow(refusal)
  })
})

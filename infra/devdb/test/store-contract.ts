import { randomBytes } from 'node:crypto'
import {
  BSON,
  type ClientSession,
  type Collection,
  type Db,
  type Document,
  Long,
  type MongoClient,
  type MongoServerError,
  type ObjectId,
} from 'mongodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const { BSONRegExp, Binary, Decimal128, Double, Int32, Timestamp } = BSON

/** Access of a test to the store. The tests close the client. */
export type Connect = () => Promise<MongoClient>

type Doc = Document & { _id: number | string | ObjectId }
type Stored = Collection<Doc>

/** Keeps BSON numbers: none is converted to a JavaScript number. */
const EXACT = { promoteValues: false, promoteLongs: false, bsonRegExp: true }

const ids = (documents: readonly Document[]) => documents.map(({ _id }) => _id)
const random = (prefix: string) => `${prefix}-${randomBytes(6).toString('hex')}`

/** The behaviour of the store that the services rely on. All expected values are those of MongoDB 8. */
export function describeStore(name: string, connect: Connect): void {
  describe(name, () => {
    let client: MongoClient
    let db: Db
    const create = async (...documents: Document[]): Promise<Stored> => {
      const collection = db.collection<Doc>(random('c'))
      if (documents.length > 0) await collection.insertMany(documents as Doc[])
      return collection
    }
    const given = { client: () => client, db: () => db, create }

    beforeAll(async () => {
      client = await connect()
      db = client.db(random('contract'))
    })
    afterAll(async () => {
      await db?.dropDatabase()
      await client?.close()
    })

    it('reports the size of its disk, and how much of it is used', async () => {
      const { fsTotalSize, fsUsedSize } = await db.command({ dbStats: 1 })

      expect(fsTotalSize).toBeGreaterThan(0)
      expect(fsUsedSize).toBeGreaterThan(0)
      expect(fsUsedSize).toBeLessThanOrEqual(fsTotalSize)
    })

    describe('documents', () => describeDocuments(given))
    describe('a query', () => describeQueries(given))
    describe('a list in a list', () => describeListsInLists(given))
    describe('the result of a query', () => describeAnswers(given))
    describe('an update', () => describeUpdates(given))
    describe('an upsert', () => describeUpserts(given))
    describe('a bulk write', () => describeBulkWrites(given))
    describe('find and modify', () => describeFindAndModify(given))
    describe('an index', () => describeIndexes(given))
    describe('a transaction', () => describeTransactions(given))
    describe('concurrent writers', () => describeConcurrency(given))
    describe('an aggregation', () => describeAggregation(given))
  })
}

type Given = Readonly<{
  client: () => MongoClient
  db: () => Db
  create: (...documents: Document[]) => Promise<Stored>
}>

function describeDocuments({ create, db }: Given): void {
  it('returns what was inserted, and gives an id to a document without one', async () => {
    const collection = db().collection(random('c'))

    const { insertedId } = await collection.insertOne({ title: 'Leak' })

    expect(await collection.findOne({ _id: insertedId })).toEqual({ _id: insertedId, title: 'Leak' })
  })

  it.for<[string, unknown]>([
    ['an int32', new Int32(5)],
    ['a double that is whole', new Double(5)],
    ['a double', new Double(0.1)],
    ['a long', Long.fromString('9223372036854775807')],
    ['a decimal128', Decimal128.fromString('0.10')],
    ['a binary', new Binary(Buffer.from([0, 255, 7]), 0)],
    ['a uuid', new Binary(Buffer.alloc(16, 3), 4)],
    ['a date', new Date('2030-01-02T03:04:05.678Z')],
    ['a date before 1970', new Date(-1)],
    ['an object id', new BSON.ObjectId('65a000000000000000000001')],
    ['a regular expression', new BSONRegExp('^a.*', 'i')],
    ['a timestamp', new Timestamp({ t: 7, i: 9 })],
    ['null', null],
    ['a text with a zero and an emoji', 'a\0b🌊'],
    ['an empty list and an empty document', { list: [], nested: {} }],
    ['nested lists', [[new Int32(1)], [new Int32(2), [new Double(3)]]]],
  ])('keeps %s exactly', async ([, value]) => {
    const collection = await create({ _id: 1, value })

    const stored = await collection.findOne({ _id: 1 }, EXACT)

    expect(stored).toEqual({ _id: new Int32(1), value })
  })

  it('keeps the order of fields', async () => {
    const collection = await create({ _id: 1, z: 1, a: { y: 2, b: 3 } })

    const stored = await collection.findOne({ _id: 1 })

    expect(JSON.stringify(stored)).toBe('{"_id":1,"z":1,"a":{"y":2,"b":3}}')
  })

  it('refuses a second document with the same id, and names the id', async () => {
    const collection = await create({ _id: 1 })

    const again = collection.insertOne({ _id: 1 })

    await expect(again).rejects.toMatchObject({ code: 11000, keyPattern: { _id: 1 }, keyValue: { _id: 1 } })
  })

  it('treats 1 and 1.0 as the same id', async () => {
    const collection = await create({ _id: 1 })

    const again = collection.insertOne({ _id: new Double(1) as unknown as number })

    await expect(again).rejects.toMatchObject({ code: 11000 })
  })

  it('replaces a whole document and keeps its id', async () => {
    const collection = await create({ _id: 1, a: 1, b: 2 })

    const result = await collection.replaceOne({ _id: 1 }, { c: 3 })

    expect(result).toMatchObject({ matchedCount: 1, modifiedCount: 1 })
    expect(await collection.findOne()).toEqual({ _id: 1, c: 3 })
  })

  it('deletes one or all that match, and counts them', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2, a: 1 }, { _id: 3, a: 1 }, { _id: 4, a: 2 })

    const one = await collection.deleteOne({ a: 1 })
    const rest = await collection.deleteMany({ a: 1 })
    const none = await collection.deleteMany({ a: 1 })

    expect([one, rest, none].map(({ deletedCount }) => deletedCount)).toEqual([1, 2, 0])
    expect(ids(await collection.find().toArray())).toEqual([4])
  })

  it('counts with and without a filter', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2, a: 1 }, { _id: 3, a: 2 })

    expect(await collection.countDocuments()).toBe(3)
    expect(await collection.countDocuments({ a: 1 })).toBe(2)
    expect(await collection.countDocuments({ a: 1 }, { limit: 1 })).toBe(1)
    expect(await collection.countDocuments({ a: 1 }, { skip: 1 })).toBe(1)
    expect(await collection.estimatedDocumentCount()).toBe(3)
    expect(await db().collection(random('none')).countDocuments({ a: 1 })).toBe(0)
  })

  it('lists the distinct values of a field, and the items of arrays', async () => {
    const collection = await create({ _id: 1, a: 'x' }, { _id: 2, a: ['y', 'x'] }, { _id: 3 }, { _id: 4, a: 'z' })

    const values = await collection.distinct('a')
    const some = await collection.distinct('a', { _id: { $in: [1, 4] } })

    expect([...values].sort()).toEqual(['x', 'y', 'z'])
    expect([...some].sort()).toEqual(['x', 'z'])
  })

  it('are deleted with their collection', async () => {
    const collection = await create({ _id: 1, a: 1 })
    await collection.createIndex({ a: 1 }, { unique: true })

    await collection.drop()
    await collection.insertOne({ _id: 1, a: 1 })

    expect(await collection.countDocuments()).toBe(1)
    expect(await collection.indexes()).toHaveLength(1)
  })

  it('lists collections by name', async () => {
    const collection = await create({ _id: 1 })

    const listed = await db().listCollections({ name: collection.collectionName }).toArray()

    expect(listed.map(({ name }) => name)).toEqual([collection.collectionName])
  })

  it('does not create a collection by an update that matches nothing', async () => {
    const collection = db().collection(random('c'))

    await collection.updateOne({ a: 1 }, { $set: { b: 1 } })

    expect(await db().listCollections({ name: collection.collectionName }).toArray()).toEqual([])
  })
}

function describeQueries({ create }: Given): void {
  const samples = [
    { _id: 1, n: 1, s: 'apple', tags: ['red', 'round'], at: new Date(1000), nested: { a: 1, b: 2 } },
    { _id: 2, n: 2.5, s: 'banana', tags: [], at: new Date(2000), nested: { b: 2, a: 1 } },
    { _id: 3, n: '3', s: 'Cherry', tags: ['red'], nested: null },
    { _id: 4, n: null, s: 'date\nelder', items: [{ k: 1, v: 'x' }, { k: 2, v: 'y' }, { w: 0 }] },
    { _id: 5, s: 'fig', n: [5, 50], items: [{ k: 1, v: 'y' }], nested: { a: { deep: [1, 2] } } },
    { _id: 6, n: Number.NaN, flag: true, grid: [[1, 2], [3]] },
  ]

  it.for<[string, Document, number[]]>([
    ['nothing: all', {}, [1, 2, 3, 4, 5, 6]],
    ['an equal number', { n: 1 }, [1]],
    ['an equal item of a list', { n: 50 }, [5]],
    ['a whole list', { n: [5, 50] }, [5]],
    ['a list within a list', { grid: [3] }, [6]],
    ['a whole document, in its order', { nested: { a: 1, b: 2 } }, [1]],
    ['null, or no such field', { nested: null }, [3, 4, 6]],
    ['$eq null', { n: { $eq: null } }, [4]],
    ['$ne', { s: { $ne: 'apple' } }, [2, 3, 4, 5, 6]],
    ['$ne of a list item', { tags: { $ne: 'red' } }, [2, 4, 5, 6]],
    ['$ne null', { n: { $ne: null } }, [1, 2, 3, 5, 6]],
    ['$gt, of the same type only', { n: { $gt: 1 } }, [2, 5]],
    ['$gte', { n: { $gte: 2.5 } }, [2, 5]],
    ['$lt, which no NaN is', { n: { $lt: 100 } }, [1, 2, 5]],
    ['$lte', { n: { $lte: 1 } }, [1]],
    ['NaN, which equals itself', { n: Number.NaN }, [6]],
    ['$gte NaN', { n: { $gte: Number.NaN } }, [6]],
    ['$gte null', { n: { $gte: null } }, [4]],
    ['$gt of a text', { s: { $gt: 'banana' } }, [4, 5]],
    ['$lt of a date', { at: { $lt: new Date(1500) } }, [1]],
    ['between, for a list by different items', { n: { $gt: 5, $lt: 50 } }, [5]],
    ['$in', { s: { $in: ['fig', 'apple'] } }, [1, 5]],
    ['$in with nothing', { s: { $in: [] } }, []],
    ['$in with null', { at: { $in: [null, new Date(1000)] } }, [1, 3, 4, 5, 6]],
    ['$in with a pattern', { s: { $in: [/^b/, 'fig'] } }, [2, 5]],
    ['$nin', { s: { $nin: ['fig', 'apple'] } }, [2, 3, 4, 6]],
    ['$exists', { at: { $exists: true } }, [1, 2]],
    ['$exists false', { tags: { $exists: false } }, [4, 5, 6]],
    ['$exists of null', { nested: { $exists: true } }, [1, 2, 3, 5]],
    ['$not', { n: { $not: { $gt: 1 } } }, [1, 3, 4, 6]],
    ['$not of a pattern', { s: { $not: /a/ } }, [3, 5, 6]],
    ['$and', { $and: [{ tags: 'red' }, { n: 1 }] }, [1]],
    ['$or', { $or: [{ n: 1 }, { s: 'fig' }] }, [1, 5]],
    ['$nor', { $nor: [{ n: 1 }, { s: 'fig' }] }, [2, 3, 4, 6]],
    ['$size', { tags: { $size: 2 } }, [1]],
    ['$size 0', { tags: { $size: 0 } }, [2]],
    ['$all', { tags: { $all: ['round', 'red'] } }, [1]],
    ['$all with nothing', { tags: { $all: [] } }, []],
    ['$elemMatch of documents', { items: { $elemMatch: { k: 1, v: 'y' } } }, [5]],
    ['two paths, by different items', { 'items.k': 1, 'items.v': 'y' }, [4, 5]],
    ['$elemMatch of values', { n: { $elemMatch: { $gt: 5, $lt: 100 } } }, [5]],
    ['$type', { n: { $type: 'string' } }, [3]],
    ['$type of numbers', { n: { $type: 'number' } }, [1, 2, 5, 6]],
    ['$type int, also in a list', { n: { $type: 'int' } }, [1, 5]],
    ['$type array', { tags: { $type: 'array' } }, [1, 2, 3]],
    ['$type null', { n: { $type: 'null' } }, [4]],
    ['a pattern', { s: /^[ab]/ }, [1, 2]],
    ['a pattern whatever the case', { s: /^c/i }, [3]],
    ['$regex with options', { s: { $regex: '^c', $options: 'i' } }, [3]],
    ['a pattern over lines', { s: /^elder/m }, [4]],
    ['a dotted path', { 'nested.a': 1 }, [1, 2]],
    ['a dotted path through a list', { 'items.k': 2 }, [4]],
    ['a place in a list', { 'tags.0': 'red' }, [1, 3]],
    ['a place in a list of documents', { 'items.1.v': 'y' }, [4]],
    ['null at a dotted path, where an item has no such field', { 'items.k': null }, [1, 2, 3, 4, 6]],
    ['$exists false through a list', { 'items.k': { $exists: false } }, [1, 2, 3, 6]],
    ['deep in a list', { 'nested.a.deep': 2 }, [5]],
    ['several demands on one field', { _id: { $gt: 1, $lte: 3, $ne: 2 } }, [3]],
    ['a truth', { flag: true }, [6]],
    ['$comment', { $comment: 'why', n: 1 }, [1]],
  ])('finds by %s', async ([, filter, expected]) => {
    const collection = await create(...samples)

    const found = await collection.find(filter).sort({ _id: 1 }).toArray()

    expect(ids(found)).toEqual(expected)
  })

  it.for<[string, Document]>([
    ['$and that is empty', { $and: [] }],
    ['$or that is no list', { $or: { a: 1 } }],
    ['$in that is no list', { a: { $in: 5 } }],
    ['$all that is no list', { a: { $all: 5 } }],
    ['an operator that does not exist', { a: { $nonsense: 1 } }],
    ['an operator beside a field', { a: { $gt: 1, b: 1 } }],
    ['$options without a pattern', { a: { $options: 'i' } }],
    ['$not of a value', { a: { $not: 5 } }],
    ['a type that does not exist', { a: { $type: 'nonsense' } }],
  ])('is refused for %s, also where there is nothing to find', async ([, filter]) => {
    const missing = (await create()).find(filter).toArray()

    await expect(missing).rejects.toMatchObject({ name: 'MongoServerError', ok: 0 })
  })
}

function describeListsInLists({ create }: Given): void {
  it.for<[string, Document, boolean]>([
    ['$elemMatch compares a list in it as a whole, not by its items', { a: { $elemMatch: { $gte: 2 } } }, false],
    ['$elemMatch by $in does too', { a: { $elemMatch: { $in: [1, 2] } } }, false],
    ['$elemMatch finds a list in it', { a: { $elemMatch: { $eq: [1, 2] } } }, true],
    ['$elemMatch finds a list in it by its size', { a: { $elemMatch: { $size: 2 } } }, true],
    ['$elemMatch within $elemMatch reaches the items', { a: { $elemMatch: { $elemMatch: { $gte: 2 } } } }, true],
    ['a position names a list, not its items', { 'a.0': 1 }, false],
    ['a position names a list', { 'a.0': [1, 2] }, true],
    ['a position names a list, which has a size', { 'a.0': { $size: 2 } }, true],
    ['a position in a list by position names an item', { 'a.0.1': 2 }, true],
  ])('%s', async ([, filter, isFound]) => {
    const collection = await create({ _id: 1, a: [[1, 2]] })

    expect(await collection.countDocuments(filter)).toBe(isFound ? 1 : 0)
  })

  it.for<[string, boolean, string, Document[], number[]]>([
    ['a.x', false, 'a number in a list, which lacks the field', [{ a: { x: 1 } }, { a: [5, { x: 9 }] }], [2, 1]],
    ['a.x', true, 'a number in a list, which lacks the field', [{ a: { x: 1 } }, { a: [5, { x: 9 }] }], [2, 1]],
    ['b.1', false, 'a document by its position', [{ b: [0, { x: 1 }] }, { b: [0, 5] }], [2, 1]],
    ['b.1', true, 'a document by its position', [{ b: [0, { x: 1 }] }, { b: [0, 5] }], [2, 1]],
  ])('sorts by %s (with an index: %s) with %s', async ([name, isIndexed, , documents, expected]) => {
    const collection = await create(...documents.map((fields, at) => ({ _id: at + 1, ...fields })))
    if (isIndexed) await collection.createIndex({ [name]: 1 })

    const found = await collection
      .find()
      .sort({ [name]: 1 })
      .toArray()

    expect(ids(found)).toEqual(expected)
  })
}

function describeAnswers({ create, db }: Given): void {
  it('is sorted by several fields, ascending and descending', async () => {
    const collection = await create({ _id: 1, a: 1, b: 1 }, { _id: 2, a: 2, b: 1 }, { _id: 3, a: 1, b: 2 })

    const up = await collection.find().sort({ a: 1, b: -1 }).toArray()
    const down = await collection.find().sort({ a: -1, b: 1 }).toArray()

    expect(ids(up)).toEqual([3, 1, 2])
    expect(ids(down)).toEqual([2, 1, 3])
  })

  it('sorts values of different types', async () => {
    const values = [
      new BSON.MaxKey(),
      /x/,
      new Timestamp({ t: 1, i: 1 }),
      new Date(0),
      false,
      new BSON.ObjectId(),
      new Binary(Buffer.from('b')),
      { a: 1 },
      'text',
      7,
      null,
      new BSON.MinKey(),
    ]
    const collection = await create(...values.map((value, at) => ({ _id: 12 - at, value })))

    const sorted = await collection.find().sort({ value: 1 }).toArray()

    expect(ids(sorted)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  it('sorts an array by its least item in ascending and by its greatest in descending order', async () => {
    const collection = await create({ _id: 1, a: [5, 1] }, { _id: 2, a: 3 }, { _id: 3, a: [2, 4] }, { _id: 4 })

    const up = await collection.find().sort({ a: 1 }).toArray()
    const down = await collection.find().sort({ a: -1 }).toArray()

    expect(ids(up)).toEqual([4, 1, 3, 2])
    expect(ids(down)).toEqual([1, 3, 2, 4])
  })

  it('sorts an empty array before null', async () => {
    const collection = await create({ _id: 1, a: null }, { _id: 2, a: [] })

    const sorted = await collection.find().sort({ a: 1 }).toArray()

    expect(ids(sorted)).toEqual([2, 1])
  })

  it('skips and limits', async () => {
    const collection = await create(...[1, 2, 3, 4, 5].map((_id) => ({ _id })))
    const find = () => collection.find().sort({ _id: 1 })

    expect(ids(await find().skip(1).limit(2).toArray())).toEqual([2, 3])
    expect(ids(await find().limit(0).toArray())).toEqual([1, 2, 3, 4, 5])
    expect(ids(await find().limit(-2).toArray())).toEqual([1, 2])
    expect(ids(await find().skip(9).toArray())).toEqual([])
  })

  it.for(['limit', 'skip'])('is refused with a negative %s', async (option) => {
    const { collectionName } = await create({ _id: 1 })

    const asked = db().command({ find: collectionName, [option]: -1 })

    await expect(asked).rejects.toMatchObject({ code: 51024 })
  })

  const shown = { _id: 1, a: 1, b: { c: 2, d: 3 }, list: [{ x: 1, y: 2 }, 5, { y: 3 }] }
  it.for<[Document, Document]>([
    [{ a: 1 }, { _id: 1, a: 1 }],
    [
      { a: 0, list: 0 },
      { _id: 1, b: { c: 2, d: 3 } },
    ],
    [{ _id: 0, a: 1 }, { a: 1 }],
    [{ _id: 0 }, { a: 1, b: { c: 2, d: 3 }, list: [{ x: 1, y: 2 }, 5, { y: 3 }] }],
    [{ _id: 1 }, { _id: 1 }],
    [{ 'b.c': 1 }, { _id: 1, b: { c: 2 } }],
    [
      { 'b.c': 0, list: false },
      { _id: 1, a: 1, b: { d: 3 } },
    ],
    [{ 'list.x': true }, { _id: 1, list: [{ x: 1 }, {}] }],
    [
      { 'list.x': 0, b: 0, a: 0 },
      { _id: 1, list: [{ y: 2 }, 5, { y: 3 }] },
    ],
    [{ 'a.z': 1 }, { _id: 1 }],
    [{ 'b.z': 1 }, { _id: 1, b: {} }],
  ])('shows by the projection %j only %j', async ([projection, expected]) => {
    const collection = await create(shown)

    const found = await collection.findOne({ _id: 1 }, { projection })

    expect(found).toEqual(expected)
  })

  it.for<[Document, number]>([
    [{ a: 1, b: 0 }, 31254],
    [{ a: 0, b: 1 }, 31253],
    [{ a: 1, 'a.b': 1 }, 31249],
    [{ 'a.b': 1, a: 1 }, 31250],
  ])('is refused for the projection %j', async ([projection, code]) => {
    const collection = await create(shown)

    await expect(collection.findOne({}, { projection })).rejects.toMatchObject({ code })
  })

  it('comes in batches of any size, each document once', async () => {
    const collection = await create(...Array.from({ length: 1050 }, (_, _id) => ({ _id })))

    const byDefault = await collection.find().sort({ _id: 1 }).toArray()
    const bySevens = await collection.find().sort({ _id: 1 }).batchSize(7).toArray()
    const limited = await collection.find().sort({ _id: 1 }).batchSize(100).limit(250).toArray()

    expect(ids(byDefault)).toEqual(Array.from({ length: 1050 }, (_, at) => at))
    expect(ids(bySevens)).toEqual(ids(byDefault))
    expect(ids(limited)).toEqual(ids(byDefault).slice(0, 250))
  })

  it('that is larger than one message comes in several messages', async () => {
    const collection = await create(...Array.from({ length: 20 }, (_, _id) => ({ _id, text: 'x'.repeat(1_000_000) })))

    const all = await collection.find({}, { projection: { text: 1 } }).toArray()

    expect(all.map(({ text }) => text.length)).toEqual(Array.from({ length: 20 }, () => 1_000_000))
  })

  it('ends early when its cursor is closed', async () => {
    const collection = await create(...Array.from({ length: 10 }, (_, _id) => ({ _id })))
    const cursor = collection.find().sort({ _id: 1 }).batchSize(2)

    const first = await cursor.next()
    const id = cursor.id
    await cursor.close()
    const more = db().command({ getMore: id, collection: collection.collectionName })

    expect(first).toEqual({ _id: 0 })
    await expect(more).rejects.toMatchObject({ code: 43 })
  })

  it('starts with an empty batch when the batch size is 0', async () => {
    const { collectionName } = await create({ _id: 1 }, { _id: 2 })

    const { cursor } = await db().command({ find: collectionName, batchSize: 0 })
    const more = await db().command({ getMore: cursor.id, collection: collectionName })

    expect(cursor.firstBatch).toEqual([])
    expect(more.cursor.nextBatch).toHaveLength(2)
  })

  it('is an error when the cursor is unknown', async () => {
    const { collectionName } = await create({ _id: 1 })

    const asked = db().command({ getMore: Long.fromNumber(123_456_789), collection: collectionName })

    await expect(asked).rejects.toMatchObject({ code: 43 })
  })

  it('cannot be continued after the collection was dropped', async () => {
    const collection = await create(...Array.from({ length: 10 }, (_, _id) => ({ _id })))
    const cursor = collection.find().batchSize(2)
    await cursor.next()

    await collection.drop()

    await expect(cursor.toArray()).rejects.toMatchObject({ ok: 0 })
  })
}

function describeUpdates({ create, db }: Given): void {
  it.for<[string, Document, Document, Document]>([
    ['$set', { a: 1 }, { $set: { a: 2, b: 3 } }, { a: 2, b: 3 }],
    ['$set of a new path', {}, { $set: { 'a.b.c': 1 } }, { a: { b: { c: 1 } } }],
    ['$set of a place in a list', { a: [1, 2] }, { $set: { 'a.1': 9 } }, { a: [1, 9] }],
    ['$set beyond the end of a list', { a: [1] }, { $set: { 'a.3': 9 } }, { a: [1, null, null, 9] }],
    ['$set within a list of documents', { a: [{ b: 1 }] }, { $set: { 'a.0.b': 2 } }, { a: [{ b: 2 }] }],
    ['$unset', { a: 1, b: { c: 1, d: 2 } }, { $unset: { a: '', 'b.c': '' } }, { b: { d: 2 } }],
    ['$unset in a list', { a: [1, 2] }, { $unset: { 'a.0': '' } }, { a: [null, 2] }],
    ['$unset of nothing', { a: 1 }, { $unset: { z: '', 'a.b': '' } }, { a: 1 }],
    ['$inc', { a: 1 }, { $inc: { a: 2, b: -3 } }, { a: 3, b: -3 }],
    ['$mul', { a: 3 }, { $mul: { a: 2, b: 5 } }, { a: 6, b: 0 }],
    ['$min', { a: 3, b: 3 }, { $min: { a: 2, b: 4, c: 1 } }, { a: 2, b: 3, c: 1 }],
    ['$max', { a: 3, b: 3 }, { $max: { a: 2, b: 4, c: 1 } }, { a: 3, b: 4, c: 1 }],
    ['$rename', { a: 1, b: 2 }, { $rename: { a: 'c', z: 'y' } }, { b: 2, c: 1 }],
    ['$push', { a: [1] }, { $push: { a: 2, b: 'x' } }, { a: [1, 2], b: ['x'] }],
    ['$push of a list', { a: [1] }, { $push: { a: [2, 3] } }, { a: [1, [2, 3]] }],
    ['$push $each', { a: [1] }, { $push: { a: { $each: [2, 3] } } }, { a: [1, 2, 3] }],
    ['$push at a place', { a: [1, 2] }, { $push: { a: { $each: [9], $position: 1 } } }, { a: [1, 9, 2] }],
    ['$push from the end', { a: [1, 2] }, { $push: { a: { $each: [9], $position: -1 } } }, { a: [1, 9, 2] }],
    ['$push keeping the last', { a: [1, 2] }, { $push: { a: { $each: [3], $slice: -2 } } }, { a: [2, 3] }],
    ['$push keeping the first', { a: [1, 2] }, { $push: { a: { $each: [3], $slice: 2 } } }, { a: [1, 2] }],
    ['$addToSet', { a: [1, { b: 1 }] }, { $addToSet: { a: { b: 1 }, c: 1 } }, { a: [1, { b: 1 }], c: [1] }],
    ['$addToSet $each', { a: [1] }, { $addToSet: { a: { $each: [1, 2, 2] } } }, { a: [1, 2] }],
    ['$pull', { a: [1, 2, 1] }, { $pull: { a: 1, z: 1 } }, { a: [2] }],
    ['$pull of what is equal, not of what contains it', { a: [1, [1]] }, { $pull: { a: 1 } }, { a: [[1]] }],
    ['$pull by a condition', { a: [1, 5, 9] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
    ['$pull of documents', { a: [{ b: 1, c: 1 }, { b: 2 }, 1] }, { $pull: { a: { b: 1 } } }, { a: [{ b: 2 }, 1] }],
    ['$pop of the last', { a: [1, 2] }, { $pop: { a: 1 } }, { a: [1] }],
    ['$pop of the first', { a: [1, 2] }, { $pop: { a: -1, z: 1 } }, { a: [2] }],
    ['$setOnInsert, which does nothing here', { a: 1 }, { $setOnInsert: { a: 2 } }, { a: 1 }],
    [
      'several operators',
      { a: 1, b: [1] },
      { $inc: { a: 1 }, $push: { b: 2 }, $set: { c: 1 } },
      { a: 2, b: [1, 2], c: 1 },
    ],
    ['$set of nothing', { a: 1 }, { $set: {} }, { a: 1 }],
  ])('by %s changes what it says and nothing else', async ([, before, update, after]) => {
    const collection = await create({ _id: 1, ...before })

    await collection.updateOne({ _id: 1 }, update)

    expect(await collection.findOne()).toEqual({ _id: 1, ...after })
  })

  it.for<[string, unknown, Document, unknown]>([
    ['an int stays one', new Int32(1), { $inc: { v: new Int32(2) } }, new Int32(3)],
    ['an int overflows into a long', new Int32(2147483647), { $inc: { v: new Int32(1) } }, Long.fromNumber(2147483648)],
    ['a long stays one', Long.fromNumber(1), { $inc: { v: new Int32(2) } }, Long.fromNumber(3)],
    ['a double makes a double', new Int32(1), { $inc: { v: new Double(1) } }, new Double(2)],
    ['a double stays one', new Double(1), { $inc: { v: new Int32(1) } }, new Double(2)],
    ['$mul of ints is an int', new Int32(3), { $mul: { v: new Int32(4) } }, new Int32(12)],
    ['$mul overflows into a long', new Int32(65536), { $mul: { v: new Int32(65536) } }, Long.fromNumber(2 ** 32)],
    [
      'a long beyond 2^53 is exact',
      Long.fromString('9007199254740993'),
      { $inc: { v: new Int32(2) } },
      Long.fromString('9007199254740995'),
    ],
    ['$min keeps the type that was there', new Double(1), { $min: { v: new Int32(1) } }, new Double(1)],
    ['$set changes the type alone', new Int32(1), { $set: { v: new Double(1) } }, new Double(1)],
  ])('keeps numbers apart: %s', async ([, before, update, after]) => {
    const collection = await create({ _id: 1, v: before })

    await collection.updateOne({ _id: 1 }, update)

    expect((await collection.findOne({}, EXACT))?.v).toEqual(after)
  })

  it.for<[string, Document, number]>([
    ['$inc of a text', { $inc: { text: 1 } }, 14],
    ['$inc of null', { $inc: { nothing: 1 } }, 14],
    ['$inc by a text', { $inc: { n: 'x' } }, 14],
    ['$mul of a text', { $mul: { text: 2 } }, 14],
    ['$push to a text', { $push: { text: 1 } }, 2],
    ['$push of $each that is no list', { $push: { list: { $each: 5 } } }, 2],
    ['$addToSet to a text', { $addToSet: { text: 1 } }, 2],
    ['$pull from a text', { $pull: { text: 1 } }, 2],
    ['$pop from a text', { $pop: { text: 1 } }, 14],
    ['$pull below a number', { $pull: { 'n.x': 1 } }, 28],
    ['$pull below a list by a name', { $pull: { 'list.x': 1 } }, 28],
    ['$pop below a number', { $pop: { 'n.x': 1 } }, 28],
    ['$pop below a list by a name', { $pop: { 'list.x': 1 } }, 28],
    ['$rename below a number', { $rename: { 'n.x': 'y' } }, 28],
    ['$rename below a list by a name', { $rename: { 'list.x': 'y' } }, 28],
    ['$rename of an item of a list', { $rename: { 'list.0': 'y' } }, 2],
    ['$rename to an item of a list', { $rename: { n: 'list.0' } }, 2],
    ['$set below a text', { $set: { 'text.a': 1 } }, 28],
    ['$set below null', { $set: { 'nothing.a': 1 } }, 28],
    ['$set of a name in a list', { $set: { 'list.a': 1 } }, 28],
    ['$set of the id', { $set: { _id: 2 } }, 66],
    ['$unset of the id', { $unset: { _id: '' } }, 66],
    ['$inc of the id', { $inc: { _id: 1 } }, 66],
    ['two operators on one path', { $set: { n: 1 }, $inc: { n: 1 } }, 40],
    ['two operators on a path and one below', { $set: { 'a.b': 1 }, $unset: { a: '' } }, 40],
    ['$rename onto what is also set', { $set: { b: 1 }, $rename: { n: 'b' } }, 40],
    ['an operator that does not exist beside one that does', { $set: { n: 5 }, $nonsense: { a: 1 } }, 9],
    ['a field beside an operator', { $set: { n: 5 }, toString: 1 }, 9],
    ['an operator on nothing', { $set: 5 }, 9],
    ['an empty name', { $set: { 'a..b': 1 } }, 56],
  ])('is refused for %s, and changes nothing', async ([, update, code]) => {
    const before = { _id: 1, text: 'x', n: 1, list: [1], nothing: null }
    const collection = await create(before)

    await expect(collection.updateOne({ _id: 1 }, update)).rejects.toMatchObject({ code })

    expect(await collection.findOne()).toEqual(before)
  })

  it('cannot change a field of an id that is a document', async () => {
    const collection = (await create()) as unknown as Collection<Document>
    await collection.insertOne({ _id: { a: 1 } } as Document)

    const change = collection.updateOne({}, { $set: { '_id.a': 2 } })

    await expect(change).rejects.toMatchObject({ code: 66 })
  })

  it('may set the id to its present value', async () => {
    const collection = await create({ _id: 1, a: 1 })

    const result = await collection.updateOne({ _id: 1 }, { $set: { _id: 1, a: 2 } })

    expect(result.modifiedCount).toBe(1)
  })

  it('cannot replace a document with one that has another id', async () => {
    const collection = await create({ _id: 1 })

    const replaced = collection.replaceOne({ _id: 1 }, { _id: 2 } as Document)

    await expect(replaced).rejects.toMatchObject({ code: 66 })
  })

  it('of many changes all that match', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2, a: 1 }, { _id: 3, a: 2 })

    const result = await collection.updateMany({ a: 1 }, { $set: { b: { c: 1 } } })

    expect(result).toMatchObject({ matchedCount: 2, modifiedCount: 2 })
    expect(await collection.countDocuments({ 'b.c': 1 })).toBe(2)
  })

  it('of one changes only one', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2, a: 1 })

    const result = await collection.updateOne({ a: 1 }, { $set: { a: 2 } })

    expect(result).toMatchObject({ matchedCount: 1, modifiedCount: 1 })
    expect(await collection.countDocuments({ a: 1 })).toBe(1)
  })

  it('that changes nothing counts as matched and not as modified', async () => {
    const collection = await create({ _id: 1, a: 1 })

    const result = await collection.updateOne({ _id: 1 }, { $set: { a: 1 } })

    expect(result).toMatchObject({ matchedCount: 1, modifiedCount: 0 })
  })

  it('adds new fields in the order of their names', async () => {
    const collection = await create({ _id: 1, z: 1 })

    await collection.updateOne({ _id: 1 }, { $set: { b: 1, a: 1 } })

    expect(Object.keys((await collection.findOne())!)).toEqual(['_id', 'z', 'a', 'b'])
  })

  it('sets the current date', async () => {
    const collection = await create({ _id: 1 })

    await collection.updateOne({ _id: 1 }, { $currentDate: { at: true } })

    expect((await collection.findOne())!.at).toBeInstanceOf(Date)
  })

  it('of many cannot be a replacement', async () => {
    const collection = await create({ _id: 1 })
    const command = { update: collection.collectionName, updates: [{ q: {}, u: { a: 1 }, multi: true }] }

    const reply = await db().command(command)

    expect(reply.writeErrors).toMatchObject([{ index: 0, code: 9 }])
  })
}

function describeUpserts({ create, db }: Given): void {
  it('creates a missing document from the filter and the update', async () => {
    const collection = await create()

    const result = await collection.updateOne(
      { _id: 7, a: 1, 'b.c': { $eq: 2 }, n: { $gt: 5 }, $and: [{ d: 3 }] },
      { $set: { e: 4 }, $setOnInsert: { f: 5 }, $inc: { g: 1 } },
      { upsert: true },
    )

    expect(result).toMatchObject({ matchedCount: 0, upsertedCount: 1, upsertedId: 7 })
    expect(await collection.findOne()).toEqual({ _id: 7, a: 1, b: { c: 2 }, d: 3, e: 4, f: 5, g: 1 })
  })

  it('changes an existing document', async () => {
    const collection = await create({ _id: 7, a: 1 })

    const result = await collection.updateOne({ _id: 7 }, { $inc: { a: 1 }, $setOnInsert: { f: 5 } }, { upsert: true })

    expect(result).toMatchObject({ matchedCount: 1, modifiedCount: 1, upsertedCount: 0, upsertedId: null })
    expect(await collection.findOne()).toEqual({ _id: 7, a: 2 })
  })

  it('creates an id, or uses the one that the update sets', async () => {
    const collection = await create()

    const own = await collection.updateOne({ a: 1 }, { $set: { b: 1 } }, { upsert: true })
    const set = await collection.updateOne({ a: 2 }, { $setOnInsert: { _id: 9 } }, { upsert: true })

    expect(await collection.findOne({ a: 1 })).toEqual({ _id: own.upsertedId, a: 1, b: 1 })
    expect(set.upsertedId).toBe(9)
  })

  it('of a replacement stores the replacement, with the id of the filter', async () => {
    const collection = await create()

    await collection.replaceOne({ _id: 3, a: 1 }, { b: 2 }, { upsert: true })

    expect(await collection.findOne()).toEqual({ _id: 3, b: 2 })
  })

  it('does not store a pattern of the filter as a value', async () => {
    const collection = await create()

    await collection.updateOne({ _id: 1, a: /x/ }, { $set: { b: 1 } }, { upsert: true })

    expect(await collection.findOne()).toEqual({ _id: 1, b: 1 })
  })

  it.for<[string, Document, Document]>([
    ['the one item of $all', { k: { $all: [7] } }, { k: 7 }],
    ['the one branch of $or', { $or: [{ k: 7 }] }, { k: 7 }],
    ['no branch of several of $or', { $or: [{ k: 7 }, { k: 8 }] }, {}],
  ])('begins with %s', async ([, filter, expected]) => {
    const collection = await create()

    await collection.updateOne(filter, { $set: { a: 1 } }, { upsert: true })

    expect(await collection.findOne({}, { projection: { _id: 0 } })).toEqual({ ...expected, a: 1 })
  })

  it.for<[string, Document]>([
    ['a field twice', { $and: [{ k: 1 }, { k: 2 }] }],
    ['a field twice by $all', { k: { $all: [1, 2] } }],
    ['a field and one below', { $and: [{ k: { a: 1 } }, { 'k.b': 1 }] }],
  ])('is refused for a filter that gives %s', async ([, filter]) => {
    const collection = await create()

    const upsert = collection.updateOne(filter, { $set: { a: 1 } }, { upsert: true })

    await expect(upsert).rejects.toMatchObject({ code: 54 })
    expect(await collection.countDocuments()).toBe(0)
  })

  it('creates the collection', async () => {
    const collection = db().collection<Doc>(random('c'))

    await collection.updateOne({ _id: 1 }, { $set: { a: 1 } }, { upsert: true })

    expect(await collection.countDocuments()).toBe(1)
  })

  it('run concurrently creates one document', async () => {
    const collection = await create()
    await collection.createIndex({ key: 1 }, { unique: true })

    await Promise.all(
      Array.from({ length: 20 }, () => collection.updateOne({ key: 'k' }, { $inc: { n: 1 } }, { upsert: true })),
    )

    expect(await collection.find({}, { projection: { _id: 0 } }).toArray()).toEqual([{ key: 'k', n: 20 }])
  })
}

function describeBulkWrites({ create, db }: Given): void {
  it('runs every kind of write and counts them', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2, a: 1 })

    const result = await collection.bulkWrite([
      { insertOne: { document: { _id: 3, a: 1 } } },
      { updateOne: { filter: { _id: 1 }, update: { $set: { a: 2 } } } },
      { updateMany: { filter: { a: 1 }, update: { $inc: { a: 4 } } } },
      { deleteOne: { filter: { _id: 2 } } },
      { updateOne: { filter: { _id: 8 }, update: { $set: { a: 8 } }, upsert: true } },
      { replaceOne: { filter: { _id: 3 }, replacement: { b: 1 } } },
    ])

    expect(result).toMatchObject({
      insertedCount: 1,
      matchedCount: 4,
      modifiedCount: 4,
      deletedCount: 1,
      upsertedCount: 1,
      upsertedIds: { 4: 8 },
    })
    expect(await collection.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 1, a: 2 },
      { _id: 3, b: 1 },
      { _id: 8, a: 8 },
    ])
  })

  it('that is ordered stops at the first error', async () => {
    const collection = await create({ _id: 2 })

    const written = collection.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }])

    await expect(written).rejects.toMatchObject({
      name: 'MongoBulkWriteError',
      code: 11000,
      insertedCount: 1,
      writeErrors: [{ index: 1, code: 11000 }],
    })
    expect(ids(await collection.find().sort({ _id: 1 }).toArray())).toEqual([1, 2])
  })

  it('that is unordered continues, and reports every error', async () => {
    const collection = await create({ _id: 2 }, { _id: 4 })

    const written = collection.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }, { _id: 4 }, { _id: 5 }], {
      ordered: false,
    })

    await expect(written).rejects.toMatchObject({
      insertedCount: 3,
      writeErrors: [
        { index: 1, code: 11000 },
        { index: 3, code: 11000 },
      ],
    })
    expect(ids(await collection.find().sort({ _id: 1 }).toArray())).toEqual([1, 2, 3, 4, 5])
  })

  it('reports the error of a row in full', async () => {
    const collection = await create({ _id: 1, email: 'a@b' })
    await collection.createIndex({ email: 1 }, { unique: true })

    const reply = await db().command({ insert: collection.collectionName, documents: [{ _id: 2, email: 'a@b' }] })

    expect(reply).toMatchObject({
      ok: 1,
      n: 0,
      writeErrors: [{ index: 0, code: 11000, keyPattern: { email: 1 }, keyValue: { email: 'a@b' } }],
    })
    expect(reply.writeErrors[0].errmsg).toContain('E11000 duplicate key error')
  })

  it('of updates reports which failed', async () => {
    const collection = await create({ _id: 1, a: 'x' }, { _id: 2, a: 1 })

    const written = collection.bulkWrite(
      [1, 2].map((_id) => ({ updateOne: { filter: { _id }, update: { $inc: { a: 1 } } } })),
      { ordered: false },
    )

    await expect(written).rejects.toMatchObject({ writeErrors: [{ index: 0, code: 14 }] })
    expect(await collection.findOne({ _id: 2 })).toEqual({ _id: 2, a: 2 })
  })
}

function describeFindAndModify({ create, db }: Given): void {
  it('returns the document before or after the change', async () => {
    const collection = await create({ _id: 1, a: 1 })
    const change = { $inc: { a: 1 } }

    const before = await collection.findOneAndUpdate({ _id: 1 }, change)
    const after = await collection.findOneAndUpdate({ _id: 1 }, change, { returnDocument: 'after' })

    expect(before).toEqual({ _id: 1, a: 1 })
    expect(after).toEqual({ _id: 1, a: 3 })
  })

  it('returns null when nothing matches', async () => {
    const collection = await create({ _id: 1 })

    expect(await collection.findOneAndUpdate({ _id: 2 }, { $set: { a: 1 } })).toBeNull()
    expect(await collection.findOneAndDelete({ _id: 2 })).toBeNull()
    expect(await collection.findOneAndReplace({ _id: 2 }, { a: 1 })).toBeNull()
  })

  it('takes the first of a sort, and projects it', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2, a: 3 }, { _id: 3, a: 2 })

    const greatest = await collection.findOneAndDelete({}, { sort: { a: -1 }, projection: { _id: 1 } })
    const least = await collection.findOneAndReplace({}, { b: 1 }, { sort: { a: 1 }, projection: { a: 1, _id: 0 } })

    expect(greatest).toEqual({ _id: 2 })
    expect(least).toEqual({ a: 1 })
    expect(await collection.find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 1, b: 1 },
      { _id: 3, a: 2 },
    ])
  })

  it('creates a missing document', async () => {
    const collection = await create()
    const options = { upsert: true, includeResultMetadata: true } as const

    const before = await collection.findOneAndUpdate({ _id: 1 }, { $set: { a: 1 } }, options)
    const after = await collection.findOneAndUpdate(
      { _id: 2 },
      { $set: { a: 2 } },
      { ...options, returnDocument: 'after' },
    )

    expect(before).toMatchObject({ value: null, lastErrorObject: { n: 1, updatedExisting: false, upserted: 1 } })
    expect(after).toMatchObject({ value: { _id: 2, a: 2 }, lastErrorObject: { updatedExisting: false } })
  })

  it('is refused without an update', async () => {
    const { collectionName } = await create({ _id: 1 })

    const asked = db().command({ findAndModify: collectionName, query: {} })

    await expect(asked).rejects.toMatchObject({ code: 9 })
  })

  it('run concurrently gives each caller another document', async () => {
    const collection = await create(...Array.from({ length: 20 }, (_, _id) => ({ _id, taken: false })))

    const taken = await Promise.all(
      Array.from({ length: 20 }, () => collection.findOneAndUpdate({ taken: false }, { $set: { taken: true } })),
    )

    expect(new Set(taken.map((one) => one?._id)).size).toBe(20)
  })
}

function describeIndexes({ create, db }: Given): void {
  it('that is unique refuses a second key, with the code, the pattern and the value', async () => {
    const collection = await create({ _id: 1, email: 'a@b' }, { _id: 2, email: 'c@d' })
    await collection.createIndex({ email: 1 }, { unique: true })
    const refusal = { code: 11000, keyPattern: { email: 1 }, keyValue: { email: 'a@b' } }

    await expect(collection.insertOne({ _id: 3, email: 'a@b' })).rejects.toMatchObject(refusal)
    await expect(collection.updateOne({ _id: 2 }, { $set: { email: 'a@b' } })).rejects.toMatchObject(refusal)
    await expect(collection.findOneAndUpdate({ _id: 2 }, { $set: { email: 'a@b' } })).rejects.toMatchObject(refusal)
    expect(await collection.findOne({ _id: 2 })).toEqual({ _id: 2, email: 'c@d' })
  })

  it('that is unique treats a missing field as null', async () => {
    const collection = await create({ _id: 1 })
    await collection.createIndex({ a: 1 }, { unique: true })

    await expect(collection.insertOne({ _id: 2, a: null })).rejects.toMatchObject({
      code: 11000,
      keyValue: { a: null },
    })
  })

  it('that is unique frees a key when its document is deleted or changed', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2, a: 2 })
    await collection.createIndex({ a: 1 }, { unique: true })

    await collection.deleteOne({ _id: 1 })
    await collection.updateOne({ _id: 2 }, { $set: { a: 3 } })
    await collection.insertMany([
      { _id: 3, a: 1 },
      { _id: 4, a: 2 },
    ])

    expect(await collection.countDocuments()).toBe(3)
  })

  it('that is unique over two fields refuses only an equal pair', async () => {
    const collection = await create({ _id: 1, a: 1, b: 1 })
    await collection.createIndex({ a: 1, b: -1 }, { unique: true })

    await collection.insertOne({ _id: 2, a: 1, b: 2 })

    await expect(collection.insertOne({ _id: 3, a: 1, b: 1 })).rejects.toMatchObject({
      code: 11000,
      keyPattern: { a: 1, b: -1 },
      keyValue: { a: 1, b: 1 },
    })
  })

  it('that is unique has each item of an array, and allows it twice in one document', async () => {
    const collection = await create({ _id: 1, tags: ['x', 'x'] })
    await collection.createIndex({ tags: 1 }, { unique: true })

    await expect(collection.insertOne({ _id: 2, tags: ['y', 'x'] })).rejects.toMatchObject({ code: 11000 })
  })

  it('that is partial and unique refuses only documents that match its filter', async () => {
    const collection = await create({ _id: 1, open: true, a: 1 }, { _id: 2, open: false, a: 1 })
    await collection.createIndex({ a: 1 }, { unique: true, partialFilterExpression: { open: true } })

    await collection.insertOne({ _id: 3, open: false, a: 1 })

    await expect(collection.insertOne({ _id: 4, open: true, a: 1 })).rejects.toMatchObject({ code: 11000 })
    await expect(collection.updateOne({ _id: 2 }, { $set: { open: true } })).rejects.toMatchObject({ code: 11000 })
    expect(ids(await collection.find({ a: 1 }).sort({ _id: 1 }).toArray())).toEqual([1, 2, 3])
  })

  it('that is sparse and unique allows many documents without the field', async () => {
    const collection = await create({ _id: 1 }, { _id: 2 })
    await collection.createIndex({ a: 1 }, { unique: true, sparse: true })

    await collection.insertOne({ _id: 3, a: null })

    await expect(collection.insertOne({ _id: 4, a: null })).rejects.toMatchObject({ code: 11000 })
    expect(ids(await collection.find().sort({ a: 1, _id: 1 }).toArray())).toEqual([1, 2, 3])
  })

  it('is not created on duplicates, and can be created once they are gone', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2, a: 1 })

    const made = collection.createIndexes([{ key: { b: 1 } }, { key: { a: 1 }, unique: true }])
    await expect(made).rejects.toMatchObject({ code: 11000, keyPattern: { a: 1 }, keyValue: { a: 1 } })
    await collection.deleteOne({ _id: 2 })
    await collection.createIndex({ a: 1 }, { unique: true })

    await expect(collection.insertOne({ _id: 3, a: 1 })).rejects.toMatchObject({ code: 11000 })
  })

  it('is created once, and listed', async () => {
    const collection = await create({ _id: 1 })

    await collection.createIndex({ a: 1, b: -1 }, { unique: true })
    await collection.createIndex({ a: 1, b: -1 }, { unique: true })

    expect(await collection.indexes()).toMatchObject([
      { v: 2, key: { _id: 1 }, name: '_id_' },
      { v: 2, key: { a: 1, b: -1 }, name: 'a_1_b_-1', unique: true },
    ])
  })

  it.for<[string, Document, Document, number]>([
    ['with another name', { key: { a: 1 }, name: 'x' }, { key: { a: 1 }, name: 'y' }, 85],
    ['with another expiry', { key: { a: 1 }, name: 'x' }, { key: { a: 1 }, name: 'x', expireAfterSeconds: 5 }, 85],
    ['with other fields by the same name', { key: { a: 1 }, name: 'x' }, { key: { b: 1 }, name: 'x' }, 86],
    ['unique by the same name', { key: { a: 1 }, name: 'x' }, { key: { a: 1 }, name: 'x', unique: true }, 86],
  ])('is refused once it is there %s', async ([, first, second, code]) => {
    const collection = await create({ _id: 1 })
    await db().command({ createIndexes: collection.collectionName, indexes: [first] })

    const again = db().command({ createIndexes: collection.collectionName, indexes: [second] })

    await expect(again).rejects.toMatchObject({ code })
  })

  it('may exist on the same fields both unique and not unique', async () => {
    const collection = await create({ _id: 1, a: 1 })

    await collection.createIndex({ a: 1 }, { name: 'plain' })
    await collection.createIndex({ a: 1 }, { name: 'strict', unique: true })

    await expect(collection.insertOne({ _id: 2, a: 1 })).rejects.toMatchObject({ code: 11000 })
  })

  it('is dropped by name, and then refuses nothing', async () => {
    const collection = await create({ _id: 1, a: 1 })
    await collection.createIndex({ a: 1 }, { unique: true })

    await collection.dropIndex('a_1')
    await collection.insertOne({ _id: 2, a: 1 })

    expect(await collection.indexes()).toHaveLength(1)
    await expect(collection.dropIndex('a_1')).rejects.toMatchObject({ code: 27 })
  })

  it('over two arrays of a document is refused', async () => {
    const collection = await create({ _id: 1 })
    await collection.createIndex({ a: 1, b: 1 })

    await expect(collection.insertOne({ _id: 2, a: [1, 2], b: [3, 4] })).rejects.toMatchObject({ code: 171 })
  })

  it('with an expiry must have one field', async () => {
    const collection = await create({ _id: 1 })

    const made = collection.createIndex({ a: 1, b: 1 }, { expireAfterSeconds: 5 })

    await expect(made).rejects.toMatchObject({ code: 67 })
  })

  it('serves a sort in both directions, with a limit', async () => {
    const collection = await create(...[3, 1, 2, 5, 4].map((n, at) => ({ _id: at, kind: at % 2, n })))
    await collection.createIndex({ kind: 1, n: -1 })
    const inOrder = (n: 1 | -1) => collection.find({ kind: 0 }).sort({ n }).limit(2).toArray()

    expect((await inOrder(-1)).map(({ n }) => n)).toEqual([4, 3])
    expect((await inOrder(1)).map(({ n }) => n)).toEqual([2, 3])
  })

  it('on arrays finds and sorts as a scan does', async () => {
    const collection = await create({ _id: 1, a: [1, 7] }, { _id: 2, a: [3, 4] }, { _id: 3, a: 6 }, { _id: 4, a: [] })
    await collection.createIndex({ a: 1 })

    const found = await collection
      .find({ a: { $gt: 3 } })
      .sort({ a: 1 })
      .toArray()
    const between = await collection.find({ a: { $gt: 4, $lt: 6 } }).toArray()
    const all = await collection.find().sort({ a: 1 }).toArray()

    expect(ids(found)).toEqual([1, 2, 3])
    expect(ids(between)).toEqual([1])
    expect(ids(all)).toEqual([4, 1, 2, 3])
  })
}

function describeTransactions({ client, create, db }: Given): void {
  /** Runs `work` with a session inside a transaction, and does not end the transaction. */
  const inside = (work: (session: ClientSession) => Promise<void>) =>
    client().withSession(async (session) => {
      session.startTransaction()
      await work(session)
      if (session.inTransaction()) await session.abortTransaction()
    })
  const roundTrips = async () => {
    for (let count = 0; count < 5; count++) await client().db('admin').command({ ping: 1 })
  }
  const conflict = { code: 112, errorLabels: ['TransientTransactionError'] }
  const isConflict = (error: MongoServerError) => ({ code: error.code, errorLabels: [...error.errorLabels] })
  const refusalOf = (work: Promise<unknown>) =>
    work.then(
      () => null,
      (error: MongoServerError) => isConflict(error),
    )

  it('shows nothing to others before the commit and everything after', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2 })
    const other = await create()

    await inside(async (session) => {
      await collection.updateOne({ _id: 1 }, { $set: { a: 2 } }, { session })
      await collection.deleteOne({ _id: 2 }, { session })
      await other.insertOne({ _id: 3 }, { session })
      const before = [await collection.find().sort({ _id: 1 }).toArray(), await other.find().toArray()]
      await session.commitTransaction()
      const after = [await collection.find().toArray(), await other.find().toArray()]

      expect(before).toEqual([[{ _id: 1, a: 1 }, { _id: 2 }], []])
      expect(after).toEqual([[{ _id: 1, a: 2 }], [{ _id: 3 }]])
    })
  })

  it('leaves no collection that it created when it is aborted, and keeps it when it is committed', async () => {
    const names = [random('aborted'), random('committed')] as const
    const exists = async (name: string) => (await db().listCollections({ name }).toArray()).length > 0

    await inside(async (session) => {
      await db().collection(names[0]).insertOne({ a: 1 }, { session })
    })
    await inside(async (session) => {
      await db().collection(names[1]).insertOne({ a: 1 }, { session })
      await session.commitTransaction()
    })

    expect([await exists(names[0]), await exists(names[1])]).toEqual([false, true])
  })

  it.for<[string, boolean, string, number]>([
    ['an unknown level', false, 'none', 2],
    ['a level that a transaction does not have', true, 'available', 72],
  ])('or a read with %s of readConcern is refused', async ([, isInside, level, code]) => {
    const { collectionName } = await create({ _id: 1 })
    const read = (session?: ClientSession) =>
      db().command({ find: collectionName, readConcern: { level } }, { ...(session && { session }) })

    if (!isInside) await expect(read()).rejects.toMatchObject({ code })
    else
      await client().withSession(async ({ id: lsid }) => {
        const begin = { lsid, txnNumber: Long.fromNumber(1), autocommit: false, startTransaction: true }
        const asked = db().command({ find: collectionName, readConcern: { level }, ...begin })
        await expect(asked).rejects.toMatchObject({ code })
      })
  })

  it('writes nothing when it is aborted', async () => {
    const collection = await create({ _id: 1, a: 1 })
    await collection.createIndex({ a: 1 }, { unique: true })

    await inside(async (session) => {
      await collection.updateOne({ _id: 1 }, { $set: { a: 2 } }, { session })
      await collection.insertOne({ _id: 2, a: 3 }, { session })
      await session.abortTransaction()
    })

    expect(await collection.find().toArray()).toEqual([{ _id: 1, a: 1 }])
    await collection.insertMany([
      { _id: 3, a: 2 },
      { _id: 4, a: 3 },
    ])
  })

  it('sees its own writes with any filter, sort and count', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2, a: 2 }, { _id: 3, a: 3 })
    await collection.createIndex({ a: 1 })

    await inside(async (session) => {
      await collection.insertOne({ _id: 4, a: 0 }, { session })
      await collection.updateOne({ _id: 1 }, { $set: { a: 9 } }, { session })
      await collection.deleteOne({ _id: 2 }, { session })

      const sorted = await collection.find({}, { session }).sort({ a: 1 }).toArray()
      const byIndex = await collection
        .find({ a: { $gte: 1 } }, { session })
        .sort({ a: -1 })
        .limit(1)
        .toArray()
      const counted = await collection.countDocuments({ a: { $in: [0, 2, 9] } }, { session })
      const byId = await collection.findOne({ _id: 2 }, { session })

      expect(ids(sorted)).toEqual([4, 3, 1])
      expect(byIndex).toEqual([{ _id: 1, a: 9 }])
      expect(counted).toBe(2)
      expect(byId).toBeNull()
    })
  })

  it('reads the state at its start, whatever others write', async () => {
    const collection = await create({ _id: 1, a: 1 })

    await inside(async (session) => {
      await collection.findOne({ _id: 1 }, { session })
      await collection.updateOne({ _id: 1 }, { $set: { a: 2 } })
      await collection.insertOne({ _id: 2, a: 1 })

      expect(await collection.find({}, { session }).toArray()).toEqual([{ _id: 1, a: 1 }])
      expect(await collection.countDocuments({ a: 2 }, { session })).toBe(0)
    })
  })

  it('updates a document twice', async () => {
    const collection = await create({ _id: 1, a: 1 })

    await inside(async (session) => {
      await collection.updateOne({ _id: 1 }, { $inc: { a: 1 } }, { session })
      const again = await collection.findOneAndUpdate({ a: 2 }, { $inc: { a: 1 } }, { session })
      await session.commitTransaction()

      expect(again).toEqual({ _id: 1, a: 2 })
    })
    expect(await collection.findOne()).toEqual({ _id: 1, a: 3 })
  })

  it('inserts again a document that it deleted', async () => {
    const collection = await create({ _id: 1, key: 'k' })
    await collection.createIndex({ key: 1 }, { unique: true })

    await inside(async (session) => {
      await collection.deleteOne({ _id: 1 }, { session })
      await collection.insertOne({ _id: 1, key: 'k', again: true }, { session })
      await session.commitTransaction()
    })

    expect(await collection.find({ key: 'k' }).toArray()).toEqual([{ _id: 1, key: 'k', again: true }])
  })

  it('moves a unique key from one document to another', async () => {
    const collection = await create({ _id: 1, key: 'k' }, { _id: 2, key: 'l' })
    await collection.createIndex({ key: 1 }, { unique: true })

    await inside(async (session) => {
      await collection.updateOne({ _id: 1 }, { $set: { key: 'm' } }, { session })
      await collection.updateOne({ _id: 2 }, { $set: { key: 'k' } }, { session })
      await collection.updateOne({ _id: 1 }, { $set: { key: 'l' } }, { session })
      await session.commitTransaction()
    })

    expect(ids(await collection.find({ key: 'k' }).toArray())).toEqual([2])
    expect(ids(await collection.find({ key: 'l' }).toArray())).toEqual([1])
  })

  it('conflicts with an unfinished one that wrote the document', async () => {
    const collection = await create({ _id: 1, a: 1 })

    await inside(async (first) => {
      await collection.updateOne({ _id: 1 }, { $inc: { a: 1 } }, { session: first })
      await inside(async (second) => {
        const refused = await refusalOf(collection.updateOne({ _id: 1 }, { $inc: { a: 1 } }, { session: second }))

        expect(refused).toEqual(conflict)
      })
      await first.commitTransaction()
    })
    expect(await collection.findOne()).toEqual({ _id: 1, a: 2 })
  })

  it('conflicts with a write after its start', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2 })

    await inside(async (session) => {
      await collection.findOne({ _id: 2 }, { session })
      await collection.updateOne({ _id: 1 }, { $inc: { a: 1 } })

      expect(await refusalOf(collection.deleteOne({ _id: 1 }, { session }))).toEqual(conflict)
    })
  })

  it('ends with a conflict', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2 })

    await inside(async (session) => {
      await collection.insertOne({ _id: 3 }, { session })
      await collection.updateOne({ _id: 1 }, { $inc: { a: 1 } })
      await refusalOf(collection.updateOne({ _id: 1 }, { $inc: { a: 1 } }, { session }))

      await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 })
    })
    expect(await collection.countDocuments()).toBe(2)
  })

  it('conflicts with another that inserts the same key', async () => {
    const collection = await create({ _id: 1 })
    await collection.createIndex({ key: 1 }, { unique: true })

    await inside(async (first) => {
      await collection.insertOne({ _id: 2, key: 'k' }, { session: first })
      await inside(async (second) => {
        const refused = await refusalOf(collection.insertOne({ _id: 3, key: 'k' }, { session: second }))

        expect(refused).toEqual(conflict)
      })
    })
  })

  it('is refused a unique key that is taken, and ends', async () => {
    const collection = await create({ _id: 1, key: 'k' })
    await collection.createIndex({ key: 1 }, { unique: true })

    await inside(async (session) => {
      await collection.insertOne({ _id: 2, key: 'l' }, { session })
      const own = collection.insertOne({ _id: 3, key: 'k' }, { session })

      await expect(own).rejects.toMatchObject({ code: 11000, keyPattern: { key: 1 }, keyValue: { key: 'k' } })
      await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 })
    })
    expect(await collection.countDocuments()).toBe(1)
  })

  it('is refused a unique key that it has used itself', async () => {
    const collection = await create({ _id: 1 })
    await collection.createIndex({ key: 1 }, { unique: true, sparse: true })

    await inside(async (session) => {
      await collection.insertOne({ _id: 2, key: 'k' }, { session })

      const own = collection.insertMany([{ _id: 3, key: 'k' }], { session })

      await expect(own).rejects.toMatchObject({ name: 'MongoBulkWriteError', code: 11000 })
    })
  })

  it('makes a plain write of the same document wait', async () => {
    const collection = await create({ _id: 1, a: 1 })

    await inside(async (session) => {
      await collection.updateOne({ _id: 1 }, { $set: { a: 10 } }, { session })
      let done = false
      const plain = collection.updateOne({ _id: 1 }, { $inc: { a: 1 } }).finally(() => {
        done = true
      })
      await roundTrips()
      const doneBefore = done
      await session.commitTransaction()
      await plain

      expect(doneBefore).toBe(false)
      expect(await collection.findOne()).toEqual({ _id: 1, a: 11 })
    })
  })

  it('makes a plain insert of the same key wait, and fail after the commit', async () => {
    const collection = await create({ _id: 1 })
    await collection.createIndex({ key: 1 }, { unique: true, sparse: true })

    await inside(async (session) => {
      await collection.insertOne({ _id: 2, key: 'k' }, { session })
      const plain = collection.insertOne({ _id: 3, key: 'k' }).catch((error: MongoServerError) => error.code)
      await roundTrips()
      await session.commitTransaction()

      expect(await plain).toBe(11000)
    })
  })

  it('makes many plain writers wait, and loses none', async () => {
    const collection = await create({ _id: 1, a: 0 })

    await inside(async (session) => {
      await collection.updateOne({ _id: 1 }, { $inc: { a: 100 } }, { session })
      const plain = Array.from({ length: 20 }, () => collection.updateOne({ _id: 1 }, { $inc: { a: 1 } }))
      const bulk = collection.bulkWrite(
        [1, 2, 3].map((n) => ({ updateOne: { filter: { _id: 1 }, update: { $inc: { a: n * 1000 } } } })),
      )
      await roundTrips()
      await session.commitTransaction()
      await Promise.all([...plain, bulk])
    })

    expect(await collection.findOne()).toEqual({ _id: 1, a: 6120 })
  })

  it('makes a find and delete wait, which then takes the latest state', async () => {
    const collection = await create({ _id: 1, a: 1 })
    await collection.createIndex({ a: 1 })

    await inside(async (session) => {
      await collection.updateOne({ _id: 1 }, { $set: { a: 2 } }, { session })
      const deleted = collection.findOneAndDelete({ _id: 1 })
      await roundTrips()
      await session.commitTransaction()

      expect(await deleted).toEqual({ _id: 1, a: 2 })
    })
    expect(await collection.find({ a: { $gt: 0 } }).toArray()).toEqual([])
  })

  it('makes a plain write wait, which then no longer matches', async () => {
    const collection = await create({ _id: 1, a: 1 }, { _id: 2, a: 1 })

    await inside(async (session) => {
      await collection.updateOne({ _id: 1 }, { $set: { a: 2 } }, { session })
      const updated = collection.findOneAndUpdate({ a: 1 }, { $set: { b: 1 } }, { sort: { _id: 1 } })
      await roundTrips()
      await session.commitTransaction()

      expect(await updated).toEqual({ _id: 2, a: 1 })
    })
  })

  it('is retried after a conflict until it succeeds', async () => {
    const collection = await create({ _id: 1, a: 0 })
    const increase = () =>
      client().withSession((session) =>
        session.withTransaction(async () => {
          const found = await collection.findOne({ _id: 1 }, { session })
          await collection.updateOne({ _id: 1 }, { $set: { a: found!.a + 1 } }, { session })
        }),
      )

    await Promise.all(Array.from({ length: 10 }, increase))

    expect(await collection.findOne()).toEqual({ _id: 1, a: 10 })
  })

  it('that only reads or does nothing can be committed', async () => {
    const collection = await create({ _id: 1 })

    await inside(async (session) => {
      await collection.findOne({}, { session })
      await session.commitTransaction()
    })
    await inside((session) => session.commitTransaction())
  })

  it('can be committed again', async () => {
    const collection = await create({ _id: 1, a: 0 })

    await inside(async (session) => {
      await collection.updateOne({ _id: 1 }, { $inc: { a: 1 } }, { session })
      await session.commitTransaction()
      await session.commitTransaction()
    })

    expect(await collection.findOne()).toEqual({ _id: 1, a: 1 })
  })

  it('that was not started is unknown', async () => {
    const collection = await create({ _id: 1 })

    await client().withSession(async (session) => {
      const lsid = session.id
      const asked = db().command({
        find: collection.collectionName,
        lsid,
        txnNumber: Long.fromNumber(5),
        autocommit: false,
      })

      await expect(asked).rejects.toMatchObject({ code: 251 })
    })
  })

  it('bulk writes all or nothing', async () => {
    const collection = await create({ _id: 5 })

    await inside(async (session) => {
      const bulk = collection.bulkWrite(
        [{ insertOne: { document: { _id: 1 } } }, { insertOne: { document: { _id: 5 } } }],
        { session },
      )

      await expect(bulk).rejects.toMatchObject({ code: 11000 })
    })
    expect(ids(await collection.find().toArray())).toEqual([5])
  })

  it('upserts', async () => {
    const collection = await create({ _id: 1 })

    await inside(async (session) => {
      const options = { session, upsert: true }
      await collection.updateOne({ _id: 2 }, { $inc: { a: 1 } }, options)
      await collection.updateOne({ _id: 2 }, { $inc: { a: 1 } }, options)
      await session.commitTransaction()
    })

    expect(await collection.findOne({ _id: 2 })).toEqual({ _id: 2, a: 2 })
  })

  it('may be open at the same time as many others', async () => {
    const collection = await create({ _id: 0, a: 0 })
    const sessions = Array.from({ length: 30 }, () => client().startSession())

    for (const [at, session] of sessions.entries()) {
      session.startTransaction()
      await collection.insertOne({ _id: at + 1 }, { session })
    }
    const seen = await Promise.all(sessions.map((session) => collection.countDocuments({}, { session })))
    await Promise.all(sessions.map((session) => session.commitTransaction()))
    await Promise.all(sessions.map((session) => session.endSession()))

    expect(new Set(seen)).toEqual(new Set([2]))
    expect(await collection.countDocuments()).toBe(31)
  })

  it('delays dropping a collection until it has ended', async () => {
    const collection = await create({ _id: 1 })

    await inside(async (session) => {
      await collection.insertOne({ _id: 2 }, { session })
      const dropped = collection.drop()
      await roundTrips()
      const seen = await collection.countDocuments()
      await session.commitTransaction()
      await dropped

      expect(seen).toBe(1)
      expect(await collection.countDocuments()).toBe(0)
    })
  })
}

function describeConcurrency({ client, create }: Given): void {
  it('add up: 20 of them increment one number', async () => {
    const collection = await create({ _id: 1, n: 0 })
    const increments = async () => {
      for (let count = 0; count < 10; count++) await collection.updateOne({ _id: 1 }, { $inc: { n: 1 } })
    }

    await Promise.all(Array.from({ length: 20 }, increments))

    expect(await collection.findOne()).toEqual({ _id: 1, n: 200 })
  })

  it('of one unique key leave one document', async () => {
    const collection = await create()
    await collection.createIndex({ key: 1 }, { unique: true })

    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, _id) => collection.insertOne({ _id, key: 'k' })),
    )

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('without acknowledgement (w: 0) are applied', async () => {
    const collection = await create({ _id: 1, n: 0 })

    await collection.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { writeConcern: { w: 0 } })

    await expect.poll(() => collection.findOne()).toEqual({ _id: 1, n: 1 })
  })

  it('that move money keep its sum', async () => {
    const collection = await create(...Array.from({ length: 5 }, (_, _id) => ({ _id, amount: 100 })))
    const transfer = (from: number, to: number) =>
      client().withSession((session) =>
        session.withTransaction(async () => {
          await collection.updateOne({ _id: from }, { $inc: { amount: -7 } }, { session })
          await collection.updateOne({ _id: to }, { $inc: { amount: 7 } }, { session })
        }),
      )

    await Promise.all(Array.from({ length: 15 }, (_, at) => transfer(at % 5, (at * 2 + 1) % 5)))
    const total = await collection.aggregate([{ $group: { _id: null, sum: { $sum: '$amount' } } }]).toArray()

    expect(total).toEqual([{ _id: null, sum: 500 }])
  })
}

function describeAggregation({ create, db }: Given): void {
  const people = [
    { _id: 1, name: 'Ada', team: 'a', age: 36, tags: ['x', 'y'] },
    { _id: 2, name: 'Bob', team: 'b', age: 20, tags: [] },
    { _id: 3, name: 'Cem', team: 'a', age: 40 },
    { _id: 4, name: 'Dan', age: 20, tags: ['y'], address: { town: 'Ulm' } },
  ]

  it.for<[string, Document[], Document[]]>([
    ['$match, $sort, $skip and $limit', [{ $match: { age: 20 } }, { $sort: { _id: -1 } }, { $limit: 1 }], [people[3]!]],
    [
      '$limit before $skip',
      [{ $sort: { _id: 1 } }, { $limit: 2 }, { $skip: 1 }, { $project: { age: 1 } }],
      [{ _id: 2, age: 20 }],
    ],
    ['$project by name', [{ $match: { _id: 1 } }, { $project: { _id: 0, name: 1 } }], [{ name: 'Ada' }]],
    [
      '$project of what is computed, and of nothing else',
      [{ $match: { _id: 1 } }, { $project: { _id: 0, who: '$name', in: { $add: ['$age', 1] } } }],
      [{ who: 'Ada', in: 37 }],
    ],
    [
      '$project without',
      [{ $match: { _id: 2 } }, { $project: { tags: 0, age: 0 } }],
      [{ _id: 2, name: 'Bob', team: 'b' }],
    ],
    [
      '$set and $unset',
      [{ $match: { _id: 2 } }, { $set: { old: '$age', age: 21 } }, { $unset: ['tags', 'team'] }],
      [{ _id: 2, name: 'Bob', age: 21, old: 20 }],
    ],
    [
      '$group with sums, in groups with and without a name',
      [{ $group: { _id: '$team', n: { $sum: 1 }, age: { $sum: '$age' } } }, { $sort: { _id: 1 } }],
      [
        { _id: null, n: 1, age: 20 },
        { _id: 'a', n: 2, age: 76 },
        { _id: 'b', n: 1, age: 20 },
      ],
    ],
    [
      '$group of everything',
      [
        { $sort: { _id: 1 } },
        {
          $group: {
            _id: null,
            least: { $min: '$age' },
            most: { $max: '$age' },
            mean: { $avg: '$age' },
            first: { $first: '$name' },
            last: { $last: '$name' },
            names: { $push: '$name' },
            towns: { $push: '$address.town' },
            count: { $count: {} },
          },
        },
      ],
      [
        {
          _id: null,
          least: 20,
          most: 40,
          mean: 29,
          first: 'Ada',
          last: 'Dan',
          names: ['Ada', 'Bob', 'Cem', 'Dan'],
          towns: ['Ulm'],
          count: 4,
        },
      ],
    ],
    [
      '$group by several fields',
      [
        { $match: { team: 'a' } },
        { $group: { _id: { team: '$team', old: { $gte: ['$age', 40] } } } },
        { $sort: { _id: 1 } },
      ],
      [{ _id: { team: 'a', old: false } }, { _id: { team: 'a', old: true } }],
    ],
    [
      '$unwind',
      [{ $unwind: '$tags' }, { $sort: { _id: 1, tags: 1 } }, { $project: { tags: 1 } }],
      [
        { _id: 1, tags: 'x' },
        { _id: 1, tags: 'y' },
        { _id: 4, tags: 'y' },
      ],
    ],
    [
      '$unwind that keeps what is empty',
      [
        { $match: { _id: { $in: [2, 3] } } },
        { $unwind: { path: '$tags', preserveNullAndEmptyArrays: true } },
        { $sort: { _id: 1 } },
        { $project: { tags: 1 } },
      ],
      [{ _id: 2 }, { _id: 3 }],
    ],
    ['$count', [{ $match: { age: 20 } }, { $count: 'n' }], [{ n: 2 }]],
    ['$count of nothing', [{ $match: { age: 99 } }, { $count: 'n' }], []],
    ['$replaceRoot', [{ $match: { _id: 4 } }, { $replaceRoot: { newRoot: '$address' } }], [{ town: 'Ulm' }]],
    ['$replaceWith', [{ $match: { _id: 4 } }, { $replaceWith: { t: '$address.town' } }], [{ t: 'Ulm' }]],
    ['a path through a list', [{ $match: { _id: 1 } }, { $project: { _id: 0, n: { $size: '$tags' } } }], [{ n: 2 }]],
  ])('does %s', async ([, pipeline, expected]) => {
    const collection = await create(...people)

    expect(await collection.aggregate(pipeline).toArray()).toEqual(expected)
  })

  it.for<[string, unknown, unknown]>([
    ['$ifNull', { $ifNull: ['$none', '$nothing', 5] }, new Int32(5)],
    ['$cond', { $cond: [{ $gt: ['$n', 2] }, 'more', 'less'] }, 'more'],
    // biome-ignore lint/suspicious/noThenProperty: MongoDB calls it so.
    ['$cond by names', { $cond: { if: '$none', then: 1, else: 2 } }, new Int32(2)],
    ['$eq of what is not there and null', { $eq: ['$none', null] }, false],
    ['$lt of what is not there and null', { $lt: ['$none', null] }, true],
    ['$and, $or and $not', { $and: [true, { $or: [0, '$n'] }, { $not: [false] }] }, true],
    ['$in', { $in: ['b', '$list'] }, true],
    ['$concat', { $concat: ['a', '$text'] }, 'ax'],
    ['$concat with null', { $concat: ['a', '$none'] }, null],
    ['$toString of an id', { $toString: '$id' }, '65a000000000000000000001'],
    ['$toString of a date', { $toString: '$at' }, '1970-01-01T00:00:01.000Z'],
    ['$subtract', { $subtract: ['$n', 1] }, new Int32(2)],
    ['$multiply with a double', { $multiply: ['$n', '$d'] }, new Double(4.5)],
    ['$divide, which makes doubles', { $divide: ['$n', 3] }, new Double(1)],
    ['$add of a long', { $add: ['$n', '$l'] }, Long.fromNumber(8)],
    ['$add of nothing', { $add: ['$n', '$none'] }, null],
    ['$literal', { $literal: '$n' }, '$n'],
    ['a document', { a: '$n', b: '$none' }, { a: new Int32(3) }],
    ['a list', ['$n', '$none'], [new Int32(3), null]],
    ['a path through documents in a list', '$docs.k', [new Int32(1), new Int32(2)]],
    ['$$ROOT', '$$ROOT._id', new Int32(1)],
  ])('computes %s', async ([, expression, expected]) => {
    const collection = await create({
      _id: 1,
      n: new Int32(3),
      d: new Double(1.5),
      l: Long.fromNumber(5),
      text: 'x',
      list: ['a', 'b'],
      nothing: null,
      id: new BSON.ObjectId('65a000000000000000000001'),
      at: new Date(1000),
      docs: [{ k: 1 }, { k: 2 }, {}],
    })

    const [result] = await collection.aggregate([{ $replaceWith: { v: expression } }], EXACT).toArray()

    expect(result!.v).toEqual(expected)
  })

  it('joins documents of another collection through a pipeline', async () => {
    const moves = await create(
      { _id: 1, issue: 1, n: 1, open: true },
      { _id: 2, issue: 1, n: 2, open: true },
      { _id: 3, issue: 2, n: 3, open: false },
      { _id: 4, n: 4, open: true },
    )
    await moves.createIndex({ issue: 1, n: 1 })
    const issues = await create({ _id: 1 }, { _id: 2 }, { _id: 3, on: [1, 2] })
    const pipeline = [{ $match: { open: true } }, { $sort: { n: -1 } }, { $limit: 1 }, { $project: { n: 1, _id: 0 } }]

    const joined = await issues
      .aggregate([
        { $match: { _id: { $lt: 3 } } },
        { $sort: { _id: 1 } },
        { $lookup: { from: moves.collectionName, localField: '_id', foreignField: 'issue', as: 'last', pipeline } },
      ])
      .toArray()
    const byList = await issues
      .aggregate([
        { $match: { _id: 3 } },
        { $lookup: { from: moves.collectionName, localField: 'on', foreignField: 'issue', as: 'all' } },
      ])
      .toArray()
    const byNothing = await issues
      .aggregate([
        { $match: { _id: 1 } },
        { $lookup: { from: moves.collectionName, localField: 'none', foreignField: 'issue', as: 'all' } },
      ])
      .toArray()

    expect(joined).toEqual([
      { _id: 1, last: [{ n: 2 }] },
      { _id: 2, last: [] },
    ])
    expect(ids(byList[0]!.all).sort()).toEqual([1, 2, 3])
    expect(ids(byNothing[0]!.all)).toEqual([4])
  })

  it('joins with an empty array when the other collection does not exist', async () => {
    const collection = await create({ _id: 1 })
    const lookup = { from: random('none'), localField: '_id', foreignField: 'x', as: 'all' }

    expect(await collection.aggregate([{ $lookup: lookup }]).toArray()).toEqual([{ _id: 1, all: [] }])
  })

  it('adds the documents of a pipeline over another collection', async () => {
    const moves = await create({ _id: 1, issue: 1 }, { _id: 2, issue: 2 }, { _id: 3, issue: 2 })
    const issues = await create({ _id: 'a' }, { _id: 'b' })
    const pipeline = [{ $match: { issue: 2 } }, { $sort: { _id: -1 } }, { $limit: 1 }, { $project: { issue: 1 } }]

    const all = await issues
      .aggregate([
        { $match: { _id: 'a' } },
        { $unionWith: { coll: moves.collectionName, pipeline } },
        { $unionWith: { coll: random('none'), pipeline: [] } },
      ])
      .toArray()

    expect(all).toHaveLength(2)
    expect(all).toEqual(expect.arrayContaining([{ _id: 'a' }, { _id: 3, issue: 2 }]))
  })

  it('cannot add those of another collection within a transaction', async () => {
    const issues = await create({ _id: 'a' })

    const within = db().client.withSession((session) =>
      session.withTransaction(() =>
        issues.aggregate([{ $unionWith: { coll: issues.collectionName } }], { session }).toArray(),
      ),
    )

    await expect(within).rejects.toMatchObject({ code: 263 })
  })

  it('comes in batches', async () => {
    const collection = await create(...Array.from({ length: 30 }, (_, _id) => ({ _id })))

    const all = await collection.aggregate([{ $sort: { _id: 1 } }], { batchSize: 4 }).toArray()

    expect(ids(all)).toEqual(Array.from({ length: 30 }, (_, at) => at))
  })

  it.for<[string, Document[]]>([
    ['a stage that does not exist', [{ $nonsense: {} }]],
    ['a stage without a name', [{}]],
    ['two stages in one', [{ $match: {}, $limit: 1 }]],
    ['a limit of 0', [{ $limit: 0 }]],
    ['a skip below 0', [{ $skip: -1 }]],
    ['an operator that does not exist', [{ $set: { a: { $nonsense: 1 } } }]],
    ['a filter that does not exist', [{ $match: { a: { $nonsense: 1 } } }]],
  ])('is refused for %s, also where there is nothing to find', async ([, pipeline]) => {
    const missing = db().collection(random('none')).aggregate(pipeline).toArray()

    await expect(missing).rejects.toMatchObject({ name: 'MongoServerError', ok: 0 })
  })

  it('cannot divide by zero', async () => {
    const collection = await create({ _id: 1 })

    const divided = collection.aggregate([{ $set: { a: { $divide: [1, 0] } } }]).toArray()

    await expect(divided).rejects.toMatchObject({ name: 'MongoServerError' })
  })
}

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Document, MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findDamage } from '../src/check-integrity.ts'
import { type Devdb, startDevdb } from '../src/server.ts'
import { FileInUseError } from '../src/storage/file.ts'
import { connectRaw, toMessage } from './raw-client.ts'
import { spawnServer } from './server-process.ts'

type Doc = Document & { _id: number }

let directory: string
let devdb: Devdb
let client: MongoClient

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'devdb-'))
  devdb = await startDevdb({ path: join(directory, 'main'), transactionLifeMs: 1_000, expireEveryMs: 50 })
  client = await MongoClient.connect(devdb.uri)
})
afterAll(async () => {
  await client?.close()
  await devdb?.close()
  await rm(directory, { recursive: true, force: true })
})

describe('an unsupported feature is refused by name:', () => {
  const asked: [string, Document][] = [
    ['$where', { find: 'c', filter: { $where: 'true' } }],
    ['readConcern snapshot', { find: 'c', readConcern: { level: 'snapshot' } }],
    ['$expr', { find: 'c', filter: { $expr: { $eq: [1, 1] } } }],
    ['$text', { find: 'c', filter: { $text: { $search: 'x' } } }],
    ['$jsonSchema', { find: 'c', filter: { $jsonSchema: {} } }],
    ['$mod', { find: 'c', filter: { a: { $mod: [2, 0] } } }],
    ['$near', { find: 'c', filter: { a: { $near: [0, 0] } } }],
    ['$bitsAllSet', { find: 'c', filter: { a: { $bitsAllSet: 1 } } }],
    ['$all', { find: 'c', filter: { a: { $all: [{ $elemMatch: { b: 1 } }] } } }],
    ['"x"', { find: 'c', filter: { a: { $regex: 'a', $options: 'x' } } }],
    ['$slice', { find: 'c', projection: { a: { $slice: 1 } } }],
    ['a.$', { find: 'c', projection: { 'a.$': 1 } }],
    ['collation', { find: 'c', collation: { locale: 'en' } }],
    ['hint', { find: 'c', hint: 'x' }],
    ['let', { find: 'c', let: { a: 1 } }],
    ['min', { find: 'c', min: { a: 1 } }],
    ['tailable', { find: 'c', tailable: true }],
    ['$facet', { aggregate: 'c', pipeline: [{ $facet: {} }], cursor: {} }],
    ['$merge', { aggregate: 'c', pipeline: [{ $merge: 'd' }], cursor: {} }],
    ['$out', { aggregate: 'c', pipeline: [{ $out: 'd' }], cursor: {} }],
    ['$bucket', { aggregate: 'c', pipeline: [{ $bucket: {} }], cursor: {} }],
    ['$graphLookup', { aggregate: 'c', pipeline: [{ $graphLookup: {} }], cursor: {} }],
    ['$changeStream', { aggregate: 'c', pipeline: [{ $changeStream: {} }], cursor: {} }],
    ['let', { aggregate: 'c', pipeline: [{ $lookup: { from: 'd', let: {}, pipeline: [], as: 'x' } }], cursor: {} }],
    [
      'includeArrayIndex',
      { aggregate: 'c', pipeline: [{ $unwind: { path: '$a', includeArrayIndex: 'i' } }], cursor: {} },
    ],
    ['$stdDevPop', { aggregate: 'c', pipeline: [{ $group: { _id: 1, a: { $stdDevPop: '$a' } } }], cursor: {} }],
    ['$dateToString', { aggregate: 'c', pipeline: [{ $set: { a: { $dateToString: {} } } }], cursor: {} }],
    ['$$NOW', { aggregate: 'c', pipeline: [{ $set: { a: '$$NOW' } }], cursor: {} }],
    ['explain', { aggregate: 'c', pipeline: [], cursor: {}, explain: true }],
    ['$bit', { update: 'c', updates: [{ q: {}, u: { $bit: { a: { and: 1 } } } }] }],
    ['pipeline', { update: 'c', updates: [{ q: {}, u: [{ $set: { a: 1 } }] }] }],
    ['a.$', { update: 'c', updates: [{ q: {}, u: { $set: { 'a.$': 1 } } }] }],
    ['a.$[]', { update: 'c', updates: [{ q: {}, u: { $set: { 'a.$[]': 1 } } }] }],
    ['arrayFilters', { update: 'c', updates: [{ q: {}, u: { $set: { a: 1 } }, arrayFilters: [{ x: 1 }] }] }],
    ['collation', { update: 'c', updates: [{ q: {}, u: { $set: { a: 1 } }, collation: { locale: 'en' } }] }],
    ['sort', { update: 'c', updates: [{ q: {}, u: { $set: { a: 1 } }, sort: { a: 1 } }] }],
    ['$sort', { update: 'c', updates: [{ q: {}, u: { $push: { a: { $each: [1], $sort: 1 } } } }] }],
    ['hint', { delete: 'c', deletes: [{ q: {}, limit: 1, hint: 'x' }] }],
    ['arrayFilters', { findAndModify: 'c', query: {}, update: { $set: { a: 1 } }, arrayFilters: [{ x: 1 }] }],
    ['capped', { create: 'c2', capped: true, size: 1 }],
    ['validator', { create: 'c2', validator: {} }],
    ['collation', { createIndexes: 'c', indexes: [{ key: { a: 1 }, name: 'a', collation: { locale: 'en' } }] }],
    ['text', { createIndexes: 'c', indexes: [{ key: { a: 'text' }, name: 'a' }] }],
    ['$**', { createIndexes: 'c', indexes: [{ key: { '$**': 1 }, name: 'a' }] }],
    ['hint', { count: 'c', hint: 'x' }],
    ['collation', { distinct: 'c', key: 'a', collation: { locale: 'en' } }],
    ['mapReduce', { mapReduce: 'c' }],
    ['collMod', { collMod: 'c' }],
    ['bulkWrite', { bulkWrite: 1 }],
    ['constructor', { constructor: 1 }],
    ['renameCollection', { renameCollection: 'a.b', to: 'a.c' }],
  ]

  it.for(asked)('%s in %j', async ([name, command]) => {
    const raw = await connectRaw(devdb.uri)

    const reply = await raw.command({ ...command, $db: 'refusals' })
    raw.close()

    const [error] = reply.writeErrors ?? [reply]
    expect([59, 238]).toContain(error.code)
    expect(error.errmsg).toContain(name)
  })
})

describe('a connection', () => {
  const garbage: [string, Buffer][] = [
    ['garbage', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a length of nothing', Buffer.alloc(16)],
    ['a length below zero', Buffer.alloc(16, 255)],
    ['a message that is too long', Buffer.from([0, 0, 0, 127, ...new Array(12).fill(0)])],
    ['an unknown operation', Buffer.from([16, 0, 0, 0, ...new Array(12).fill(9)])],
    ['a document that is none', toMessage({ ping: 1 }).fill(255, 25)],
    ['a document that is too long', toMessage({ ping: 1 }).fill(127, 21, 22)],
  ]

  it.for(garbage)('that sends %s is closed, and others are served', async ([, bytes]) => {
    const { socket } = await connectRaw(devdb.uri)

    const closed = once(socket, 'close')
    socket.write(bytes)
    await closed

    expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 })
  })

  it('may end in the middle of a message', async () => {
    const { socket } = await connectRaw(devdb.uri)

    socket.end(toMessage({ ping: 1 }).subarray(0, 20))
    await once(socket.resume(), 'close')

    expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 })
  })

  it('may send a message byte by byte, and several at once', async () => {
    const raw = await connectRaw(devdb.uri)

    for (const byte of toMessage({ ping: 1, $db: 'a' })) raw.socket.write(Buffer.from([byte]))
    await once(raw.socket, 'readable')
    raw.socket.read()
    const insert = { insert: 'order', documents: [{ _id: 1 }], $db: 'a' }
    raw.socket.write(Buffer.concat([toMessage(insert), toMessage({ drop: 'order', $db: 'a' })]))
    const counted = () => client.db('a').listCollections({ name: 'order' }).toArray()
    raw.socket.resume()

    await expect.poll(counted).toEqual([])
    raw.close()
  })

  it('that does not read its replies is not served further until it does', async () => {
    const commands = 100
    await client
      .db('slow')
      .collection('c')
      .insertOne({ large: 'x'.repeat(1_000_000) })
    const { socket } = await connectRaw(devdb.uri)
    const served = async () => Number((await client.db('admin').command({ serverStatus: 1 })).opcounters.query)
    const before = await served()
    socket.pause()

    const find = toMessage({ find: 'c', filter: {}, $db: 'slow' })
    socket.write(Buffer.concat(new Array(commands).fill(find)))
    await expect.poll(served).toBeGreaterThan(before)
    for (let turn = 0; turn < commands; turn++) await client.db('admin').command({ ping: 1 })
    const whilePaused = (await served()) - before
    socket.resume()

    expect(whilePaused).toBeLessThan(commands / 2)
    await expect.poll(served).toBe(before + commands)
    socket.destroy()
  })

  it('is closed when a document has another size than it states', async () => {
    const { hostname, port } = new URL(devdb.uri)
    const socket = connectSocket(Number(port), hostname)
    const closed = once(socket, 'close')

    socket.write(toMessage({ ping: 1 }).fill(0, 21, 25))
    socket.on('error', () => undefined)
    await closed

    expect(socket.destroyed).toBe(true)
  })
})

describe('explain', () => {
  it('reports how a query is answered', async () => {
    const collection = client.db('explain').collection<Doc>('c')
    await collection.insertMany([1, 2, 3, 4].map((_id) => ({ _id, a: _id, b: _id })))
    await collection.createIndex({ a: 1 })
    const explain = async (filter: Document, sort: Document = {}) =>
      collection
        .find(filter)
        .sort(sort as Record<string, 1>)
        .explain()

    expect(await explain({ a: { $gte: 3 } })).toMatchObject({
      queryPlanner: { winningPlan: { stage: 'IXSCAN', indexName: 'a_1' } },
      executionStats: { nReturned: 2, totalKeysExamined: 2, totalDocsExamined: 2 },
    })
    expect(await explain({ b: 1 })).toMatchObject({
      queryPlanner: { winningPlan: { stage: 'COLLSCAN' } },
      executionStats: { nReturned: 1, totalDocsExamined: 4 },
    })
    expect((await explain({ _id: 1 })).queryPlanner.winningPlan.stage).toBe('IDHACK')
    expect((await explain({ $or: [{ a: 1 }, { _id: 2 }] })).queryPlanner.winningPlan.stage).toBe('OR')
    expect((await explain({}, { a: -1 })).queryPlanner.winningPlan.indexName).toBe('a_1')
  })

  it('prefers a partial index in the wanted order to one that only finds the same documents', async () => {
    const collection = client.db('explain').collection<Doc>('partial')
    await collection.createIndex({ c: 1, b: 1 }, { name: 'by_c' })
    await collection.createIndex({ a: 1 }, { name: 'only_c', partialFilterExpression: { c: 'x' } })
    await collection.createIndex({ c: 1, d: 1 }, { name: 'only_c_by_d', partialFilterExpression: { c: 'x' } })
    const explain = async (filter: Document, sort: Document) =>
      (await collection.find(filter).sort(sort).explain()).queryPlanner

    expect(await explain({ c: 'x' }, { a: 1 })).toMatchObject({ winningPlan: { indexName: 'only_c' } })
    expect(await explain({ c: 'x' }, { b: 1 })).toMatchObject({ winningPlan: { indexName: 'by_c' } })
  })

  it('reads few documents more than a page has when that of its cursor does not fit', async () => {
    const collection = client.db('explain').collection<Doc>('pages')
    await collection.insertMany(Array.from({ length: 200 }, (_, _id) => ({ _id, a: _id })))
    await collection.createIndex({ a: 1 })
    const page = { a: { $gte: 10 }, $or: [{ a: { $gt: 10 } }, { _id: { $gt: 10 } }] }

    const { executionStats } = await collection.find(page).sort({ a: 1 }).limit(20).explain()

    expect(executionStats).toMatchObject({ nReturned: 20 })
    expect(executionStats.totalDocsExamined).toBeLessThan(40)
  })
})

describe('a server', () => {
  it('that refuses scans answers a query without an index with code 291', async () => {
    const strict = await startDevdb({ path: join(directory, 'strict'), refuseScans: true })
    const other = await MongoClient.connect(strict.uri)
    const collection = other.db('a').collection<Doc>('c')
    await collection.insertMany([{ _id: 1, a: 1 }])
    await collection.createIndex({ a: 1 })

    const refused = { code: 291 }
    await expect(collection.findOne({ b: 1 })).rejects.toMatchObject(refused)
    await expect(collection.find().sort({ b: 1 }).toArray()).rejects.toMatchObject(refused)
    await expect(collection.updateOne({ b: 1 }, { $set: { b: 2 } })).rejects.toMatchObject(refused)
    await expect(collection.deleteMany({ b: 1 })).rejects.toMatchObject(refused)
    await expect(collection.aggregate([{ $match: { b: 1 } }]).toArray()).rejects.toMatchObject(refused)
    await expect(collection.distinct('a', { b: 1 })).rejects.toMatchObject(refused)
    const allowed = await Promise.all([
      collection.findOne({ a: 1 }),
      collection.findOne({ _id: 1 }),
      collection.findOne({ _id: { $gt: 0 } }),
      collection.findOne(),
      collection.findOne({}, { sort: { a: -1 } }),
    ])

    expect(allowed).toEqual(new Array(5).fill({ _id: 1, a: 1 }))
    await other.close()
    await strict.close()
  })

  it('refuses to create collections and indexes by command in a transaction', async () => {
    const collection = client.db('expiry').collection<Doc>('made')
    await client.withSession(async (session) => {
      session.startTransaction()

      const made = collection.createIndex({ a: 1 }, { session })

      await expect(made).rejects.toMatchObject({ code: 263 })
    })
    expect(await client.db('expiry').listCollections({ name: 'made' }).toArray()).toEqual([])
  })

  it('ends a transaction that is not continued, and frees its documents', async () => {
    const collection = client.db('expiry').collection<Doc>('c')
    await collection.insertOne({ _id: 1, n: 0 })
    await client.withSession(async (session) => {
      session.startTransaction()
      await collection.updateOne({ _id: 1 }, { $inc: { n: 10 } }, { session })

      await collection.updateOne({ _id: 1 }, { $inc: { n: 1 } })

      await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 })
      expect(await collection.findOne()).toEqual({ _id: 1, n: 1 })
    })
  })

  it('deletes expired documents and no others', async () => {
    const collection = client.db('ttl').collection<Doc>('c')
    await collection.createIndex({ at: 1 }, { expireAfterSeconds: 3600 })
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000)

    await collection.insertMany([
      { _id: 1, at: hoursAgo(2) },
      { _id: 2, at: hoursAgo(0.5) },
      { _id: 3, at: 'never' },
      { _id: 4 },
      { _id: 5, at: [hoursAgo(0), hoursAgo(9)] },
      ...Array.from({ length: 1200 }, (_, at) => ({ _id: 100 + at, at: hoursAgo(3) })),
    ])

    await expect.poll(async () => (await collection.find().toArray()).map(({ _id }) => _id)).toEqual([2, 3, 4])
  })

  it('refuses a document that is too large, and keeps the old one', async () => {
    const path = join(directory, 'large')
    const own = await startDevdb({ path })
    const other = await MongoClient.connect(own.uri)
    const collection = other.db('large').collection<Doc>('c')
    await collection.createIndex({ a: 1 })
    await collection.insertOne({ _id: 1, a: 1, text: 'x'.repeat(9_000_000) })

    const grown = collection.updateOne({ _id: 1 }, { $set: { a: 2, more: 'x'.repeat(9_000_000) } })

    await expect(grown).rejects.toMatchObject({ code: 10334 })
    expect(await collection.countDocuments({ a: 1 })).toBe(1)
    await other.close()
    await own.close()
    expect(findDamage(path)).toEqual([])
  })

  it('locks its file against other processes until it ends or is killed', async () => {
    const path = join(directory, 'alone')
    const first = await spawnServer(path)

    await expect(startDevdb({ path })).rejects.toBeInstanceOf(FileInUseError)
    await expect(spawnServer(path)).rejects.toThrow(path)
    await first.kill()
    const next = await startDevdb({ path })

    await next.close()
  })

  it('frees its file when its port is in use', async () => {
    const path = join(directory, 'port')

    await expect(startDevdb({ path, port: devdb.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const next = await startDevdb({ path })

    await next.close()
  })

  it('can be closed while transactions are open', async () => {
    const path = join(directory, 'open')
    const own = await startDevdb({ path })
    const other = await MongoClient.connect(own.uri)
    const session = other.startSession()
    session.startTransaction()
    await other.db('a').collection<Doc>('c').insertOne({ _id: 1 }, { session })

    const waiting = other
      .db('a')
      .collection<Doc>('c')
      .insertOne({ _id: 1 })
      .catch(() => 'closed')
    await own.close()
    await other.close(true)
    await waiting

    expect(findDamage(path)).toEqual([])
  })
})

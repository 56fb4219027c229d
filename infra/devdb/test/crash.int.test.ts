import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { BSON, type Document, Long, MongoClient, MongoServerSelectionError } from 'mongodb'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findDamage } from '../src/check-integrity.ts'
import { connectRaw } from './raw-client.ts'
import { type Server, spawnServer } from './server-process.ts'

/** Set CRASH_ROUNDS to 20 or more for a thorough run. */
const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 4)
const ACCOUNTS = 10
const MONEY = 1000
/** The longest time from the first write to the kill: enough for some hundred writes and for many rounds. */
const KILL_AFTER_MS = [0, 120] as const

type Doc = Document & { _id: string }
/** The writes that clients have sent, and those of them that were acknowledged. */
type Known = { documents: Set<string>; pairs: Set<string>; increments: number; attempts: number }

describe('a server that is killed', () => {
  let directory: string
  let path: string
  let server: Server | null = null

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'devdb-'))
    path = join(directory, 'devdb.sqlite')
  })
  afterEach(() => server?.kill())
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true })
  })

  it('loses no acknowledged write, and keeps no half of one', {
    timeout: ROUNDS * 60_000,
  }, async () => {
    const known: Known = { documents: new Set(), pairs: new Set(), increments: 0, attempts: 0 }
    for (let round = 0; round < ROUNDS; round++) {
      server = await spawnServer(path)
      const client = await connect(server.uri)
      const db = client.db('crash')
      if (round === 0) await prepare(db)
      else await verify(db, known)

      const ended = new AbortController()
      const load = Promise.all(
        Array.from({ length: 4 }, (_, worker) => `${round}-${worker}`).flatMap((worker) => [
          writeSingly(db, known, worker, ended.signal),
          writeInBulk(db, known, worker, ended.signal),
          writeInPairs(client, known, worker, ended.signal),
          transfer(client, ended.signal),
        ]),
      )
      // A busy machine needs a while to start. After that, the kill comes at a random moment.
      const { size } = known.pairs
      await expect.poll(() => known.pairs.size, { interval: 5 }).toBeGreaterThan(size)
      await after(randomInt(...KILL_AFTER_MS))
      await server.kill()
      ended.abort()
      await client.close(true)
      await load

      expect(findDamage(path)).toEqual([])
    }
    expect(known.documents.size).toBeGreaterThan(ROUNDS)
    expect(known.pairs.size).toBeGreaterThan(0)
  })

  it('does once what a driver sends twice, also with a crash in between', async () => {
    server = await spawnServer(path)
    const lsid = { id: new BSON.Binary(Buffer.alloc(16, 8), 4) }
    const increase = {
      update: 'once',
      updates: [1, 2, 3].map((n) => ({ q: { _id: 'n' }, u: { $inc: { n } }, upsert: true })),
      lsid,
      txnNumber: Long.fromNumber(1),
    }
    const take = {
      findAndModify: 'once',
      query: { _id: 'n' },
      update: { $inc: { n: 10 } },
      new: true,
      lsid,
      txnNumber: Long.fromNumber(2),
    }

    const first = await connectRaw(server.uri)
    const replies = [await first.command(increase), await first.command(increase)]
    const taken = [await first.command(take)]
    await server.kill()
    server = await spawnServer(path)
    const second = await connectRaw(server.uri)
    taken.push(await second.command(take))
    const tooOld = await second.command(increase)
    const stored = await second.command({ find: 'once' })
    await server.kill()

    expect(replies[0]).toMatchObject({ n: 3, nModified: 2, upserted: [{ index: 0, _id: 'n' }] })
    expect(replies[1]).toMatchObject({ n: 3, nModified: 2, upserted: [{ index: 0, _id: 'n' }] })
    expect(taken.map(({ value }) => value)).toEqual([
      { _id: 'n', n: 16 },
      { _id: 'n', n: 16 },
    ])
    expect(tooOld.code).toBe(225)
    expect(stored.cursor.firstBatch).toEqual([{ _id: 'n', n: 16 }])
  })

  it('continues a bulk write after the rows that it had done', async () => {
    server = await spawnServer(path)
    const other = await connectRaw(server.uri)
    const first = await connectRaw(server.uri)
    const find = { find: 'rows', sort: { _id: 1 } }
    const session = { lsid: { id: new BSON.Binary(Buffer.alloc(16, 7), 4) }, txnNumber: Long.fromNumber(1) }
    const increase = {
      update: 'rows',
      updates: ['a', 'b'].map((_id) => ({ q: { _id }, u: { $inc: { n: 1 } } })),
      lsid: { id: new BSON.Binary(Buffer.alloc(16, 9), 4) },
      txnNumber: Long.fromNumber(1),
    }
    await other.command({ insert: 'rows', documents: ['a', 'b'].map((_id) => ({ _id, n: 0 })) })
    await other.command({
      update: 'rows',
      updates: [{ q: { _id: 'b' }, u: { $inc: { n: 100 } } }],
      ...session,
      autocommit: false,
      startTransaction: true,
    })

    // When the server is killed, the first row is done and the second waits for the transaction.
    const unheard = first.command(increase).catch(() => 'unheard')
    await expect.poll(async () => (await other.command(find)).cursor.firstBatch[0].n).toBe(1)
    await server.kill()
    server = await spawnServer(path)
    const second = await connectRaw(server.uri)
    const reply = await second.command(increase)
    const stored = await second.command(find)
    await server.kill()

    expect(await unheard).toBe('unheard')
    expect(reply).toMatchObject({ n: 2, nModified: 2 })
    expect(stored.cursor.firstBatch).toEqual([
      { _id: 'a', n: 1 },
      { _id: 'b', n: 1 },
    ])
  })

  it('does once what is sent again while the first attempt waits', async () => {
    server = await spawnServer(path)
    const [other, first, second] = [
      await connectRaw(server.uri),
      await connectRaw(server.uri),
      await connectRaw(server.uri),
    ]
    const session = { lsid: { id: new BSON.Binary(Buffer.alloc(16, 5), 4) }, txnNumber: Long.fromNumber(1) }
    const change = { update: 'again', updates: [{ q: { _id: 'a' }, u: { $inc: { n: 1 } } }] }
    const call = { lsid: { id: new BSON.Binary(Buffer.alloc(16, 6), 4) }, txnNumber: Long.fromNumber(1) }
    await other.command({ insert: 'again', documents: [{ _id: 'a', n: 0 }] })
    await other.command({ ...change, ...session, autocommit: false, startTransaction: true })

    const replies = [first.command({ ...change, ...call }), second.command({ ...change, ...call })]
    await other.command({ ping: 1 })
    await other.command({ commitTransaction: 1, ...session, autocommit: false, $db: 'admin' })
    await Promise.all(replies)
    const stored = await other.command({ find: 'again' })
    await server.kill()

    expect(stored.cursor.firstBatch).toEqual([{ _id: 'a', n: 2 }])
  })
})

/** Gives a server that was killed up soon, and one that is busy never. */
async function connect(uri: string): Promise<MongoClient> {
  for (;;) {
    try {
      return await MongoClient.connect(uri, { serverSelectionTimeoutMS: 500, maxPoolSize: 30 })
    } catch (error) {
      if (!(error instanceof MongoServerSelectionError)) throw error
    }
  }
}

type Db = ReturnType<MongoClient['db']>

async function prepare(db: Db): Promise<void> {
  await db.collection('documents').createIndexes([{ key: { worker: 1, at: -1 } }, { key: { tags: 1 } }])
  await db.collection('pairs').createIndex({ half: 1, pair: 1 }, { unique: true })
  await db.collection<Doc>('counter').insertOne({ _id: 'n', n: 0 })
  const accounts = Array.from({ length: ACCOUNTS }, (_, at) => ({ _id: String(at), amount: MONEY }))
  await db.collection<Doc>('accounts').insertMany(accounts)
}

/** Repeats `work` until the server is gone. */
async function untilGone(signal: AbortSignal, work: (count: number) => Promise<void>): Promise<void> {
  for (let count = 0; !signal.aborted; count++) {
    try {
      await work(count)
    } catch {
      return // Killed in the middle: it may or may not have been applied.
    }
  }
}

const writeSingly = (db: Db, known: Known, worker: string, signal: AbortSignal) =>
  untilGone(signal, async (count) => {
    const _id = `s-${worker}-${count}`
    await db.collection<Doc>('documents').insertOne({ _id, worker, at: count, tags: ['x', worker], n: 0 })
    known.documents.add(_id)
    await db.collection('documents').updateOne({ worker, at: count, n: 0 }, { $set: { n: 1 }, $inc: { at: 1 } })
    known.attempts++
    await db.collection<Doc>('counter').updateOne({ _id: 'n' }, { $inc: { n: 1 } })
    known.increments++
  })

const writeInBulk = (db: Db, known: Known, worker: string, signal: AbortSignal) =>
  untilGone(signal, async (count) => {
    const ids = [0, 1, 2, 3, 4].map((at) => `b-${worker}-${count}-${at}`)
    await db
      .collection<Doc>('documents')
      .bulkWrite([
        ...ids.map((_id) => ({ insertOne: { document: { _id, worker, at: count, tags: [] } } })),
        { updateMany: { filter: { worker, at: count }, update: { $set: { tags: ['z'] } } } },
        { deleteOne: { filter: { _id: ids[0]! } } },
      ])
    for (const _id of ids.slice(1)) known.documents.add(_id)
  })

const writeInPairs = (client: MongoClient, known: Known, worker: string, signal: AbortSignal) =>
  untilGone(signal, async (count) => {
    const pair = `${worker}-${count}`
    const pairs = client.db('crash').collection<Doc>('pairs')
    await client.withSession((session) =>
      session.withTransaction(async () => {
        await pairs.insertOne({ _id: `${pair}-left`, pair, half: 'left' }, { session })
        await pairs.insertOne({ _id: `${pair}-right`, pair, half: 'right' }, { session })
      }),
    )
    known.pairs.add(pair)
  })

const transfer = (client: MongoClient, signal: AbortSignal) =>
  untilGone(signal, async () => {
    const accounts = client.db('crash').collection<Doc>('accounts')
    const [from, to] = [String(randomInt(ACCOUNTS)), String(randomInt(ACCOUNTS))]
    await client.withSession((session) =>
      session.withTransaction(async () => {
        await accounts.updateOne({ _id: from }, { $inc: { amount: -1 } }, { session })
        await accounts.updateOne({ _id: to }, { $inc: { amount: 1 } }, { session })
      }),
    )
  })

async function verify(db: Db, known: Known): Promise<void> {
  const documents = new Set((await db.collection<Doc>('documents').find().toArray()).map(({ _id }) => _id))
  const pairs = await db.collection('pairs').find().toArray()
  const accounts = await db.collection('accounts').find().toArray()
  const counter = await db.collection<Doc>('counter').findOne({ _id: 'n' })
  const halves = new Map<string, number>()
  for (const { pair } of pairs) halves.set(pair, (halves.get(pair) ?? 0) + 1)

  expect([...known.documents].filter((_id) => !documents.has(_id))).toEqual([])
  expect([...known.pairs].filter((pair) => halves.get(pair) !== 2)).toEqual([])
  expect([...halves].filter(([, count]) => count !== 2)).toEqual([])
  expect(accounts.reduce((sum, { amount }) => sum + amount, 0)).toBe(ACCOUNTS * MONEY)
  expect(counter!.n).toBeGreaterThanOrEqual(known.increments)
  expect(counter!.n).toBeLessThanOrEqual(known.attempts)
}

import { randomUUID } from 'node:crypto'
import { createNodeRedisClient, Queue, Worker } from 'bullmq'
import { type Db, MongoClient } from 'mongodb'
import { createClient } from 'redis'

/** Numbers of operations, from MongoDB's serverStatus. */
export type Operations = Readonly<{ insert: number; update: number; query: number; command: number }>

const BATCH = 100
const SIDE_BY_SIDE = 4
const CONCURRENCY = 10

export async function readOperations(mongo: MongoClient): Promise<Operations> {
  const { opcounters } = await mongo.db('admin').command({ serverStatus: 1 })
  return {
    insert: +opcounters.insert,
    update: +opcounters.update,
    query: +opcounters.query,
    command: +opcounters.command,
  }
}

/**
 * Measures the lower bound for the same work: as many inserts, updates and queries of plain documents, in batches of
 * 100, and one empty BullMQ job per issue. One process, no GraphQL, no events.
 * @returns issues per second.
 */
export async function measureFloor(
  { mongoUri, redisUrl }: { mongoUri: string; redisUrl: string },
  { operations, issues }: { operations: Operations; issues: number },
): Promise<number> {
  const mongo = await MongoClient.connect(mongoUri, { writeConcern: { w: 'majority' } })
  const raw = createClient({ url: redisUrl })
  await raw.connect()
  const connection = createNodeRedisClient(raw as never)
  const name = `floor-${randomUUID()}`
  const queue = new Queue(name, { connection })
  try {
    const began = performance.now()
    await Promise.all([touchDocuments(mongo.db(name), operations), workOffJobs(queue, connection, issues)])
    return issues / ((performance.now() - began) / 1000)
  } finally {
    await queue.obliterate({ force: true })
    await queue.close()
    await mongo.db(name).dropDatabase()
    await mongo.close()
    raw.destroy()
  }
}

const PAYLOAD = 'x'.repeat(600)

async function touchDocuments(db: Db, { insert, update, query, command }: Operations): Promise<void> {
  const documents = db.collection<{ _id: string; kind: string; at: Date; payload: string; changed?: number }>(
    'documents',
  )
  await documents.createIndexes([{ key: { kind: 1, at: 1 } }, { key: { at: 1 } }])
  const idOf = (at: number) => `d${at % Math.max(1, insert)}`

  await inBatches(insert, async (from, to) => {
    const rows = Array.from({ length: to - from }, (_, row) => ({
      _id: idOf(from + row),
      kind: 'a',
      at: new Date(),
      payload: PAYLOAD,
    }))
    await documents.insertMany(rows)
  })
  await inBatches(update, async (from, to) => {
    const rows = Array.from({ length: to - from }, (_, row) => ({
      updateOne: { filter: { _id: idOf(from + row) }, update: { $set: { changed: row } } },
    }))
    await documents.bulkWrite(rows, { ordered: false })
  })
  await inBatches(query + command, async (from, to) => {
    for (let at = from; at < to; at++) await documents.findOne({ _id: idOf(at) })
  })
}

async function inBatches(count: number, run: (from: number, to: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) {
      const from = next
      next += BATCH
      await run(from, Math.min(count, from + BATCH))
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane))
}

async function workOffJobs(
  queue: Queue,
  connection: ReturnType<typeof createNodeRedisClient>,
  count: number,
): Promise<void> {
  let done = 0
  const { promise: all, resolve } = Promise.withResolvers<void>()
  const worker = new Worker(
    queue.name,
    async () => {
      if (++done === count) resolve()
    },
    { connection, concurrency: CONCURRENCY },
  )
  await inBatches(count, async (from, to) => {
    await Promise.all(
      Array.from({ length: to - from }, (_, row) =>
        queue.add('nothing', {}, { jobId: `j-${from + row}`, priority: 6 }),
      ),
    )
  })
  await all
  await worker.close()
}

import { randomUUID } from 'node:crypto'
import { createNodeRedisClient, type JobsOptions, Queue, Worker } from 'bullmq'
import { type ClientSession, type Db, type Document, MongoClient } from 'mongodb'
import { createClient } from 'redis'
import { type CollectionName, createCollections, readSample, renumber, type StoredCase } from './sample.ts'

/** Issues of one transaction: about as many as the hops of the system share one between under load (95 to 330). */
const BATCH = 200
const SIDE_BY_SIDE = 4
const CONCURRENCY = 100

/**
 * Measures the lower bound for the same work: the documents of decided issues, copied from the run with new ids, are
 * written to collections with the same indexes by the transactions that the promises ask for, and each issue is one
 * BullMQ job with the options of the queue. The five hops of a batch follow one another, as in the system; four batches
 * are under way at a time.
 *
 * It contains what no implementation of the way of an issue over these two stores can leave out: a change and its event
 * in one transaction, a job on record before it is queued, a decision with the end of its job, the moves of the issue, an
 * audit entry for each event. Left out is all that one may do otherwise: GraphQL, deciding, hashes, every read, the log of
 * events and the streams, several processes. The documents are made before the time is taken.
 * @returns issues per second, as for a run: from the first that is created to the last that is final.
 */
export async function measureFloor(
  { mongoUri, redisUrl }: { mongoUri: string; redisUrl: string },
  issues: number,
): Promise<number> {
  const mongo = await MongoClient.connect(mongoUri, { writeConcern: { w: 'majority' }, ignoreUndefined: true })
  const raw = createClient({ url: redisUrl })
  await raw.connect()
  const connection = createNodeRedisClient(raw as never)
  const name = `floor-${randomUUID()}`
  const queue = new Queue(name, { connection })
  try {
    const sample = await readSample(mongo)
    const cases = Array.from({ length: issues }, (_, number) => renumber(sample[number % sample.length]!, number))
    await createCollections(mongo, mongo.db(name))
    const jobs = await startJobs(queue, connection, issues)
    const began = performance.now()
    let moved = began
    const onMoved = () => {
      moved = performance.now()
    }
    await inBatches(cases, (batch) => writeBatch({ mongo, db: mongo.db(name), batch, addJobs: jobs.add, onMoved }))
    await jobs.done
    await jobs.close()
    return issues / ((moved - began) / 1000)
  } finally {
    await queue.obliterate({ force: true })
    await queue.close()
    await mongo.db(name).dropDatabase()
    await mongo.close()
    raw.destroy()
  }
}

async function inBatches<T>(all: readonly T[], run: (batch: readonly T[]) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < all.length) {
      const from = next
      next += BATCH
      await run(all.slice(from, from + BATCH))
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane))
}

type Batch = Readonly<{
  mongo: MongoClient
  db: Db
  batch: readonly StoredCase[]
  addJobs: (ids: readonly string[]) => Promise<void>
  /** Called when the issues are final. */
  onMoved: () => void
}>

/** The five transactions of a batch of issues. */
async function writeBatch({ mongo, db, batch, addJobs, onMoved }: Batch): Promise<void> {
  const within = (write: (session: ClientSession) => Promise<unknown>) =>
    mongo.withSession((session) => session.withTransaction(() => write(session)))
  const insert = (name: CollectionName, documents: readonly Document[], session: ClientSession) =>
    db.collection(name).insertMany([...documents], { session })
  const addEvents = (hop: keyof StoredCase['events'], session: ClientSession) => {
    const events = batch.flatMap((one) => one.events[hop])
    return insert('outbox', [{ _id: `${hop} ${batch[0]!.issue._id}`, at: new Date(), events }], session)
  }
  const jobIds = batch.map(({ job }) => job._id as string)

  await within(async (session) => {
    await insert('issues', batch.map(toNewIssue), session)
    await addEvents('created', session)
  })
  await within((session) => insert('jobs', batch.map(toNewJob), session))
  await addJobs(jobIds)
  await within(async (session) => {
    await insert('decisions', toDecisions(batch), session)
    await insert('facts', [toFacts(batch)], session)
    await db.collection('jobs').updateMany({ _id: { $in: jobIds } } as Document, toEnd(batch), { session })
    await addEvents('made', session)
  })
  await within(async (session) => {
    await db.collection('issues').bulkWrite(batch.map(toMove), { session, ordered: false })
    await addEvents('moved', session)
  })
  onMoved()
  await within((session) => insert('entries', toEntries(batch), session))
}

const toDecisions = (batch: readonly StoredCase[]) => batch.map(({ decision }) => decision)
const toEntries = (batch: readonly StoredCase[]) => batch.flatMap(({ entries }) => entries)

/** The facts of one transaction are one document. */
function toFacts(batch: readonly StoredCase[]): Document {
  return { _id: batch[0]!.decision._id, facts: batch.map(({ fact }) => fact) }
}

/** The update that ends the jobs. */
function toEnd(batch: readonly StoredCase[]) {
  const { status, updatedAt, endedAt } = batch[0]!.job
  return { $set: { status, updatedAt, endedAt } }
}

function toNewIssue({ issue }: StoredCase): Document {
  const statusHistory = issue.statusHistory.slice(0, 1)
  const since = { status: 'PENDING', version: 1, decisionId: null, resolution: null, updatedAt: issue.createdAt }
  return { ...issue, ...since, statusHistory }
}

function toNewJob({ job: { endedAt: _, ...job } }: StoredCase): Document {
  return { ...job, status: 'PENDING', updatedAt: job.createdAt }
}

function toMove({ issue }: StoredCase) {
  const { status, decisionId, resolution, failure, statusHistory, version, updatedAt } = issue
  const $set = { status, decisionId, resolution, failure, statusHistory, version, updatedAt }
  return { updateOne: { filter: { _id: issue._id, version: 1 }, update: { $set } } }
}

type Connection = ReturnType<typeof createNodeRedisClient>

/** The options of the jobs in the queue of the system. */
async function readJobOptions(connection: Connection): Promise<JobsOptions> {
  const queue = new Queue('decisions', { connection })
  const [job] = await queue.getJobs(['completed'], 0, 0)
  await queue.close()
  return job!.opts
}

async function startJobs(queue: Queue, connection: Connection, count: number) {
  const options = await readJobOptions(connection)
  let ended = 0
  const { promise: done, resolve } = Promise.withResolvers<void>()
  const work = async () => {
    if (++ended === count) resolve()
  }
  const worker = new Worker(queue.name, work, { connection, concurrency: CONCURRENCY })
  return {
    done,
    async add(ids: readonly string[]) {
      await Promise.all(ids.map((jobId) => queue.add('decide', { jobId }, { ...options, jobId })))
    },
    close: () => worker.close(),
  }
}

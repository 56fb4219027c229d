import { randomUUID } from 'node:crypto'
import type { DecisionCase } from '@redress/shared/contracts.ts'
import { createOutbox, outboxCollection, prepareOutbox } from '@redress/shared/events/outbox.ts'
import { createLogger } from '@redress/shared/logger.ts'
import { connectMongo } from '@redress/shared/mongo.ts'
import { connectRedis, type Redis } from '@redress/shared/redis.ts'
import type { Db, MongoClient } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, type TestContext } from 'vitest'
import type { Verdict } from '../src/domain/decision.ts'
import { type DecisionJob, jobIdFor } from '../src/domain/job.ts'
import { startDecisionWorker } from '../src/inbound/decision-worker.ts'
import { createDecisionQueue, DECISIONS_QUEUE } from '../src/outbound/decision-queue.ts'
import { type Collections, collectionsOf, prepareCollections } from '../src/outbound/documents.ts'
import { createMongoDecisionsStore } from '../src/outbound/mongo-decisions-store.ts'
import { createFindOverdue } from '../src/outbound/mongo-overdue-jobs.ts'
import { createDecideIssue } from '../src/use-cases/decide-issue.ts'
import { createRecoverJobs } from '../src/use-cases/recover-jobs.ts'

const logger = createLogger('test', { level: 'fatal' })
const WAIT = { timeout: 8_000, interval: 20 }
const now = () => new Date()
let mongo: MongoClient
let redis: Redis
let db: Db
let collections: Collections

beforeAll(async () => {
  mongo = await connectMongo(inject('mongoUri'), 'test')
  redis = await connectRedis(`${inject('redisUrl')}/4`, { name: 'test', logger })
})
afterAll(async () => {
  await mongo?.close()
  redis?.destroy()
})
beforeEach(async (context) => {
  await redis.flushDb()
  db = mongo.db(`decisions-${randomUUID()}`)
  collections = collectionsOf(db)
  await prepareCollections(collections)
  await prepareOutbox(db)
  const { databaseName } = db
  context.onTestFinished(async () => void (await mongo.db(databaseName).dropDatabase()))
})

const caseOf = (issueId: string): DecisionCase => ({
  issueId,
  priority: 'NORMAL',
  details: { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 0 },
  customer: {
    id: 'cust_1',
    riskScore: 10,
    accountAgeDays: 100,
    recentIssues: { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 },
  },
  transaction: null,
})
const jobOf = (issueId: string, createdAt = now()): DecisionJob => ({
  id: jobIdFor(`${issueId}-1`),
  case: caseOf(issueId),
  requestId: null,
  status: 'PENDING',
  createdAt,
  updatedAt: createdAt,
})
const verdict: Verdict = {
  action: 'SEND_REMINDER',
  confidence: 85,
  reasoning: 'The card has expired.',
  policyApplied: 'decline-policy §3',
  policy: { skill: 'decline-policy', version: '1.0.0', digest: 'd'.repeat(64) },
  engine: 'RULES',
  fallback: false,
  trace: [],
}

async function record(job: DecisionJob): Promise<void> {
  const { id, ...rest } = job
  await collections.jobs.insertOne({ _id: id, ...rest })
}
const createQueue = ({ onTestFinished }: TestContext) => {
  const queue = createDecisionQueue({ redis, jobs: collections.jobs, attempts: 3, backoffMs: 10, logger })
  onTestFinished(() => queue.close())
  return queue
}
const createDecide = (evaluate: () => Verdict | Promise<Verdict>) =>
  createDecideIssue({
    store: createMongoDecisionsStore({ mongo, collections, outbox: createOutbox(db, () => {}) }),
    evaluate,
    thresholds: { autoResolve: 80, humanReview: 70 },
    now,
    monotonicMs: () => performance.now(),
    onCommit: () => {},
  })
const startWorker = ({ onTestFinished }: TestContext, evaluate: () => Verdict | Promise<Verdict>) => {
  const worker = startDecisionWorker({
    queue: DECISIONS_QUEUE,
    redis,
    decideIssue: createDecide(evaluate),
    concurrency: 5,
    logger,
  })
  onTestFinished(() => worker.close())
}
const statusOf = async ({ id }: DecisionJob) => (await collections.jobs.findOne({ _id: id }))?.status
const toldIds = async () => (await outboxCollection(db).find().toArray()).map(({ _id }) => _id).sort()

describe('a job', () => {
  it('is decided, and its decision stored with the events that tell of it', async (context) => {
    const job = jobOf('iss_1')
    await record(job)
    startWorker(context, () => verdict)

    await createQueue(context).enqueue([job])

    await expect.poll(() => statusOf(job), WAIT).toBe('COMPLETED')
    expect(await collections.decisions.findOne({ _id: 'dec_1-1' })).toMatchObject({
      issueId: 'iss_1',
      action: 'SEND_REMINDER',
      routing: 'AUTO_RESOLVE',
    })
    expect(await toldIds()).toEqual(['decide-iss_1-1-made', 'decide-iss_1-1-started'])
  })

  it('that is delivered to many at once is decided once', async () => {
    const job = jobOf('iss_1')
    await record(job)
    const workers = Array.from({ length: 6 }, (_, index) =>
      createDecide(() => ({ ...verdict, confidence: 90 + index })),
    )

    await Promise.all(workers.map(({ decide }) => decide(job.id)))

    expect(await collections.decisions.countDocuments()).toBe(1)
    expect(await toldIds()).toEqual(['decide-iss_1-1-made', 'decide-iss_1-1-started'])
  })

  it('that was decided keeps its first decision', async () => {
    const job = jobOf('iss_1')
    await record(job)
    await createDecide(() => verdict).decide(job.id)

    await createDecide(() => ({ ...verdict, action: 'BLOCK_CARD' })).decide(job.id)

    expect(await collections.decisions.findOne({ _id: 'dec_1-1' })).toMatchObject({ action: 'SEND_REMINDER' })
  })

  it('is tried again when an attempt fails', async (context) => {
    let attempts = 0
    const job = jobOf('iss_1')
    await record(job)
    startWorker(context, () => {
      attempts++
      if (attempts < 3) throw new Error('not today')
      return verdict
    })

    await createQueue(context).enqueue([job])

    await expect.poll(() => statusOf(job), WAIT).toBe('COMPLETED')
    expect(attempts).toBe(3)
  })

  it('that no attempt can decide ends FAILED, and says so once', async (context) => {
    const job = jobOf('iss_1')
    await record(job)
    startWorker(context, () => {
      throw new Error('never')
    })

    await createQueue(context).enqueue([job])

    await expect.poll(() => statusOf(job), WAIT).toBe('FAILED')
    expect(await toldIds()).toEqual(['decide-iss_1-1-failed', 'decide-iss_1-1-started'])
    expect(await collections.decisions.countDocuments()).toBe(0)
  })

  it('that Redis has lost is found on record and decided', async (context) => {
    const job = jobOf('iss_1', new Date(Date.now() - 120_000))
    await record(job)
    startWorker(context, () => verdict)
    const recover = createRecoverJobs({ findOverdue: createFindOverdue(collections), queue: createQueue(context), now })

    expect(await recover()).toBe(1)

    await expect.poll(() => statusOf(job), WAIT).toBe('COMPLETED')
    expect(await recover()).toBe(0)
  })
})

describe('the queue', () => {
  it('tells how much waits, and how long the oldest has', async (context) => {
    const queue = createQueue(context)
    const job = jobOf('iss_1', new Date(Date.now() - 5_000))
    await record(job)
    await queue.enqueue([job])

    const [view] = await queue.all()

    expect(view).toMatchObject({
      name: 'decisions',
      tier: 'CRITICAL',
      paused: false,
      counts: { waiting: 1, active: 0 },
    })
    expect(view?.oldestWaitingSeconds).toBeGreaterThan(4)
  })

  it('does the urgent first, and never the same job twice', async (context) => {
    const queue = createQueue(context)
    const order: string[] = []
    const jobs = (['LOW', 'CRITICAL', 'NORMAL', 'HIGH'] as const).map((priority) => {
      const job = jobOf(`iss_${priority}`)
      return { ...job, case: { ...job.case, priority } }
    })
    for (const job of jobs) await record(job)
    await queue.enqueue(jobs)
    await queue.enqueue(jobs)

    const worker = startDecisionWorker({
      queue: DECISIONS_QUEUE,
      redis,
      decideIssue: { decide: async (id) => void order.push(id), giveUp: async () => {} },
      concurrency: 1,
      logger,
    })
    context.onTestFinished(() => worker.close())

    await expect.poll(() => order.length, WAIT).toBe(4)
    expect(order.map((id) => id.split('_')[1])).toEqual(['CRITICAL-1', 'HIGH-1', 'NORMAL-1', 'LOW-1'])
  })
})

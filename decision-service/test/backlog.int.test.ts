import type { DecisionCase } from '@redress/shared/contracts.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { connectTestRedis, openTestDatabase, openTestRedis } from '@redress/shared/testing/stores.ts'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createBacklogModel } from '../src/decisions/backlog/backlog-model.ts'
import { createDecideBacklog } from '../src/decisions/backlog/decide-backlog.ts'
import { createMongoAiBatches } from '../src/decisions/backlog/mongo-ai-batches.ts'
import type { AiBatches, BacklogModel } from '../src/decisions/backlog/ports.ts'
import { NO_OVERSIGHT } from '../src/decisions/domain/oversight.ts'
import { createMongoDecisionsStore } from '../src/decisions/outbound/mongo-decisions-store.ts'
import { createDecideIssue } from '../src/decisions/use-cases/decide-issue.ts'
import { MODEL_THRESHOLDS } from '../src/domain/routing.ts'
import { createClaudeBatches } from '../src/engines/model/claude-batches.ts'
import { errored, startClaudeBatches, succeeded } from './claude-batches-server.ts'
import { createRecoverDecisions, openDecisionQueue, startDecisionWorker } from './jobs.ts'
import { readRefundPolicy, refundCase, toAnswer } from './refund-policy.ts'
import { NOW, newCase, openService, VERDICT } from './service.ts'

const REDIS = 18
const SKILL = readRefundPolicy()
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(REDIS)
const service = await openService({ mongo, db })
const { accept, collections, eventsOf, jobOf, views } = service
const { aiBatches } = collections
const claude = await startClaudeBatches()
afterAll(() => claude.close())
const queue = openDecisionQueue({ redis, collections, attempts: 5 })
afterAll(() => queue.close())

const provider = createClaudeBatches({
  apiKey: 'test-key',
  baseUrl: claude.url,
  model: 'claude-test',
  effort: 'low',
  prices: { input: 4, output: 20, cacheWrite: 5, cacheRead: 0.5 },
})
const stored = createMongoAiBatches({ mongo, collections })

/** A process that leads: `at` minutes after the jobs were made, with what is to fail in it. */
type Leader = Readonly<{
  at?: number
  from?: number
  jobsMax?: number
  batches?: Partial<AiBatches>
  model?: Partial<BacklogModel> | null
  /** Whether the budget of the day is spent. */
  spent?: boolean
  revive?: (typeof queue)['revive']
}>
function lead({
  at = 2,
  from = 1,
  jobsMax = 100,
  batches = {},
  model = {},
  spent = false,
  revive = queue.revive,
}: Leader = {}) {
  const now = () => new Date(NOW.getTime() + at * MINUTE)
  const decideIssue = createDecideIssue({
    announcesStart: true,
    store: createMongoDecisionsStore({ mongo, collections, outbox: createOutbox(db, () => {}) }),
    evaluate: () => ({ verdict: VERDICT, shadow: null }),
    thresholdsOf: () => MODEL_THRESHOLDS,
    oversight: NO_OVERSIGHT,
    now,
    monotonicMs: () => 0,
    onCommit: () => {},
  })
  const costs: number[] = []
  const backlogModel = createBacklogModel({
    batches: provider,
    policies: { choose: () => ({ skill: SKILL, shadow: null }), find: async () => SKILL },
    spend: {
      isExhausted: async () => spent,
      async add(costUsd) {
        costs.push(costUsd)
      },
    },
    now,
  })
  const problems: string[] = []
  const decideBacklog = createDecideBacklog({
    batches: { ...stored, ...batches },
    model: model && { ...backlogModel, ...model },
    decideWith: decideIssue.decideWith,
    queue: { revive },
    limits: { from, ageMs: MINUTE, jobsMax },
    newId: () => crypto.randomUUID(),
    now,
    onProblem: (_batch, problem) => {
      problems.push(String(problem))
    },
  })
  return { look: decideBacklog, decideIssue, problems, costs, now }
}

const aCase = (change: Partial<DecisionCase> = {}) => {
  const { issueId: _, ...facts } = refundCase()
  return newCase({ ...facts, ...change })
}
const acceptMany = async (...cases: readonly ReturnType<typeof newCase>[]) => {
  const jobs = await accept(...cases)
  await queue.enqueue(jobs)
  return jobs
}
const crash = () => Promise.reject(new Error('the process ends here'))
const openBatches = async () => (await aiBatches.find({}).toArray()).map(({ status }) => status)
const statusOf = async (id: string) => (await jobOf(id))?.status
const decisionOf = async (issueId: string) => (await views.decisionsOf([issueId]))[0]![0]
const approved = () => succeeded(toAnswer([{ action: 'APPROVE_REFUND', confidence: 92 }]))
const counts = async () => (await queue.all())[0]!.counts

/** A batch that the provider has, with its jobs. */
const submit = async (...cases: readonly ReturnType<typeof newCase>[]) => {
  const jobs = await acceptMany(...(cases.length > 0 ? cases : [aCase(), aCase()]))
  await lead().look()
  return { jobs, sent: claude.batches.at(-1)! }
}

beforeEach(async () => {
  await redis.flushDb()
  await Promise.all([collections.jobs.deleteMany({}), aiBatches.deleteMany({})])
  claude.batches.length = 0
  claude.faults.length = 0
})

describe('the budget of the day', () => {
  it('lets no batch begin once it is spent', async () => {
    await acceptMany(aCase(), aCase())

    await lead({ spent: true }).look()

    expect(claude.batches).toEqual([])
    expect(await openBatches()).toEqual([])
  })

  it('pays for each answer of a batch, at half the price', async () => {
    const { sent } = await submit()
    claude.end(sent.id, approved)

    const { look, costs } = lead({ at: 3 })
    await look()

    expect(costs).toHaveLength(2)
  })
})

describe('a backlog', () => {
  it('is submitted as one batch, once more jobs wait than workers should have', async () => {
    const jobs = await acceptMany(aCase(), aCase(), aCase())

    await lead().look()

    expect(await openBatches()).toEqual(['SUBMITTED'])
    const [sent] = claude.batches
    expect(sent!.requests.map(({ custom_id }) => custom_id)).toEqual(jobs.map(({ id }) => id))
    expect(sent!.requests[0]!.params).toMatchObject({ model: 'claude-test', messages: [{ role: 'user' }] })
    expect(sent!.requests[0]!.params.system.at(-1)).toMatchObject({ cache_control: { type: 'ephemeral' } })
    expect(await jobOf(jobs[0]!.id)).toMatchObject({ status: 'PENDING', batchId: expect.any(String) })
  })

  it('is left to the workers while it is small, young, urgent, or batches are off', async () => {
    const [urgent] = await acceptMany(aCase({ priority: 'CRITICAL' }), aCase({ priority: 'HIGH' }))
    await lead().look()
    await acceptMany(aCase())
    await lead({ from: 3 }).look()
    await lead({ at: 0.5 }).look()
    await lead({ from: 0 }).look()

    expect(await openBatches()).toEqual([])
    expect(await jobOf(urgent!.id)).not.toHaveProperty('batchId')
  })

  it('is taken oldest first, and no more of it than a batch may have', async () => {
    const old = await acceptMany(aCase(), aCase())
    await collections.jobs.updateMany({}, { $set: { createdAt: new Date(NOW.getTime() - HOUR) } })
    await acceptMany(aCase())

    await lead({ jobsMax: 2 }).look()

    expect(claude.batches[0]!.requests.map(({ custom_id }) => custom_id)).toEqual(old.map(({ id }) => id))
  })
})

describe('a batch that has ended', () => {
  it('becomes decisions as if a worker had made them, at half the price', async () => {
    const { jobs, sent } = await submit()
    claude.end(sent.id, approved)

    await lead({ at: 62 }).look()

    expect(await openBatches()).toEqual(['DONE'])
    const decision = (await decisionOf(jobs[0]!.case.issueId))!
    expect(decision).toMatchObject({
      action: 'APPROVE_REFUND',
      confidence: 92,
      routing: 'AUTO_RESOLVE',
      engine: 'AI',
      model: 'claude-test',
      policyApplied: 'refund-policy §3.2 defective-prompt',
      policy: { digest: SKILL.digest },
      usage: { inputTokens: 1000, outputTokens: 100, cacheReadTokens: 40, cacheWriteTokens: 20, costUsd: 0.00306 },
    })
    expect(decision.trace.map(({ name }) => name)).toEqual(['batch', 'guard', 'routing'])
    expect(decision.trace[0]).toMatchObject({ durationMs: HOUR, output: { providerId: sent.id, jobs: 2 } })
    expect((await eventsOf(jobs[0]!.id)).map(({ type }) => type)).toEqual(['decision.made'])
  })

  it('gives back what it could not decide, and that goes into no other batch', async () => {
    const { jobs, sent } = await submit(aCase(), aCase(), aCase(), aCase(), aCase(), aCase(), aCase())
    await redis.flushDb()
    const results = [
      approved(),
      errored,
      { type: 'expired' },
      { type: 'canceled' },
      succeeded('no JSON'),
      succeeded('{"opin', 'max_tokens'),
      null,
    ]
    claude.end(sent.id, (_, index) => results[index]!)

    const leader = lead({ at: 62 })
    await leader.look()

    expect(await Promise.all(jobs.map(({ id }) => statusOf(id)))).toEqual(['COMPLETED', ...Array(6).fill('PENDING')])
    expect(await counts()).toMatchObject({ waiting: 6 })
    expect(leader.problems.map((problem) => problem.replace(/^\S+ /, '')).sort()).toEqual([
      'canceled',
      'errored: invalid_request_error',
      'expired',
      'malformed: The model gave no usable opinion about any case.',
      'truncated: Claude stopped: max_tokens.',
    ])
    await lead({ at: 63 }).look()
    expect(claude.batches).toHaveLength(1)
  })

  it('is read again where the connection broke in the middle, and decides nothing twice', async () => {
    const { jobs, sent } = await submit()
    claude.end(sent.id, approved)
    claude.faults.push('cut')

    await lead({ at: 61 }).look()
    expect(await openBatches()).toEqual(['SUBMITTED'])
    await lead({ at: 62 }).look()

    expect(await openBatches()).toEqual(['DONE'])
    expect(await Promise.all(jobs.map(({ case: { issueId } }) => views.decisionsOf([issueId])))).toMatchObject([
      [[{ confidence: 92 }]],
      [[{ confidence: 92 }]],
    ])
  })

  it('leaves to a person the cases that the policy reserves', async () => {
    const large = { ...refundCase().transaction!, amount: { amount: 500_000, currency: 'USD' } }
    const { jobs, sent } = await submit(aCase({ transaction: large }), aCase())
    claude.end(sent.id, approved)

    await lead({ at: 62 }).look()

    expect(await decisionOf(jobs[0]!.case.issueId)).toMatchObject({ action: 'ESCALATE', routing: 'ESCALATE' })
  })
})

describe('a job in a batch', () => {
  it('is left alone by workers, which end it in the queue without a word', async () => {
    const { jobs } = await submit()
    const own = await connectTestRedis(REDIS)
    const { decideIssue } = lead()
    const worker = startDecisionWorker({ redis: own, decideIssue, concurrency: 5 })
    onTestFinished(async () => {
      await worker.close()
      own.destroy()
    })

    await expect.poll(counts).toMatchObject({ waiting: 0, active: 0, completed: 2 })

    expect(await Promise.all(jobs.map(({ id }) => statusOf(id)))).toEqual(['PENDING', 'PENDING'])
    expect(await eventsOf(jobs[0]!.id)).toEqual([])
  })

  it('is not looked after by the recovery of lost jobs, until the batch has given it back', async () => {
    const { sent } = await submit()
    const now = () => new Date(NOW.getTime() + 70 * MINUTE)
    const recoverJobs = createRecoverDecisions({ collections, queue, now })

    expect(await recoverJobs()).toBe(0)
    claude.end(sent.id, () => errored)
    await lead({ at: 62, revive: crash }).look()
    await redis.flushDb()

    expect(await recoverJobs()).toBe(2)
  })

  it('that a worker has begun is in no batch', async () => {
    const [begun] = await acceptMany(aCase(), aCase(), aCase())
    await collections.jobs.updateOne({ _id: begun!.id }, { $set: { status: 'PROCESSING' } })

    await lead().look()

    expect(claude.batches[0]!.requests).toHaveLength(2)
  })
})

describe('a crash', () => {
  it('between the claim and the submission gives the jobs back after five minutes, not before', async () => {
    const jobs = await acceptMany(aCase(), aCase())
    await redis.flushDb()
    await expect(lead({ batches: { jobsOf: crash, close: crash } }).look()).rejects.toThrow('ends here')
    expect(await openBatches()).toEqual(['CLAIMED'])

    await lead({ at: 6, from: 0 }).look()
    expect(await counts()).toMatchObject({ waiting: 0 })
    await lead({ at: 7, from: 0 }).look()

    expect(await openBatches()).toEqual(['ABANDONED'])
    expect(await counts()).toMatchObject({ waiting: 2 })
    expect(await jobOf(jobs[0]!.id)).not.toHaveProperty('batchId')
  })

  it('of a leader that comes back after its jobs were given back cancels what it submitted', async () => {
    await acceptMany(aCase(), aCase())
    const slow: Partial<AiBatches> = {
      async markSubmitted(...marks) {
        await lead({ at: 8, from: 0 }).look()
        return stored.markSubmitted(...marks)
      },
    }

    await lead({ batches: slow }).look()

    expect(await openBatches()).toEqual(['ABANDONED'])
    expect(claude.batches).toMatchObject([{ cancelled: true }])
  })

  it('after the submission leaves the batch to the next leader', async () => {
    const { jobs, sent } = await submit()

    await lead({ at: 10 }).look()
    claude.end(sent.id, approved)
    await lead({ at: 11 }).look()

    expect(await Promise.all(jobs.map(({ id }) => statusOf(id)))).toEqual(['COMPLETED', 'COMPLETED'])
  })

  it('between the decisions and the end of the batch decides each once', async () => {
    const { jobs, sent } = await submit()
    claude.end(sent.id, approved)

    await lead({ at: 61, batches: { close: crash } }).look()
    expect(await openBatches()).toEqual(['SUBMITTED'])
    await lead({ at: 62 }).look()

    expect(await openBatches()).toEqual(['DONE'])
    expect((await views.decisionsOf([jobs[0]!.case.issueId]))[0]).toHaveLength(1)
    expect(await eventsOf(jobs[0]!.id)).toHaveLength(1)
  })

  it('in the middle of a decision has it finished by the next leader', async () => {
    const { jobs, sent } = await submit()
    claude.end(sent.id, approved)
    await collections.jobs.updateOne({ _id: jobs[0]!.id }, { $set: { status: 'PROCESSING' } })

    await lead({ at: 62 }).look()

    expect(await statusOf(jobs[0]!.id)).toBe('COMPLETED')
  })

  it('of two leaders at once does no harm', async () => {
    const { jobs, sent } = await submit()
    claude.end(sent.id, approved)

    await Promise.all([lead({ at: 62 }).look(), lead({ at: 62 }).look()])

    expect(await openBatches()).toEqual(['DONE'])
    expect((await views.decisionsOf([jobs[0]!.case.issueId]))[0]).toHaveLength(1)
  })
})

describe('a provider', () => {
  it('that does not take a batch leaves its jobs to the workers at once', async () => {
    await acceptMany(aCase(), aCase())
    await redis.flushDb()
    claude.faults.push(529)

    const leader = lead()
    await leader.look()

    expect(await openBatches()).toEqual(['ABANDONED'])
    expect(await counts()).toMatchObject({ waiting: 2 })
    expect(leader.problems).toEqual([expect.stringContaining('529')])
  })

  it('that has lost a batch does not keep its jobs', async () => {
    const { sent } = await submit()
    claude.forget(sent.id)

    await lead({ at: 10 }).look()

    expect(await openBatches()).toEqual(['ABANDONED'])
  })

  it('that never ends a batch is not waited for longer than a day', async () => {
    const { jobs } = await submit()

    await lead({ at: 24 * 60 }).look()
    expect(await openBatches()).toEqual(['SUBMITTED'])
    await lead({ at: 26 * 60 }).look()

    expect(await openBatches()).toEqual(['ABANDONED'])
    expect(claude.batches[0]!.cancelled).toBe(true)
    expect(await jobOf(jobs[0]!.id)).toMatchObject({ status: 'PENDING', batchFailed: true })
  })

  it('that is no longer configured gives all jobs back', async () => {
    await submit()

    await lead({ model: null }).look()

    expect(await openBatches()).toEqual(['ABANDONED'])
  })
})

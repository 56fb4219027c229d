import { createOutbox } from '@redress/shared/events/outbox.ts'
import { connectRedis, type Redis } from '@redress/shared/stores/redis.ts'
import { connectTestRedis, openTestDatabase, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { HoldLimits } from '../src/decisions/domain/hold.ts'
import { decisionIdFor } from '../src/decisions/domain/job.ts'
import { NO_OVERSIGHT } from '../src/decisions/domain/oversight.ts'
import { createMongoDecisionsStore } from '../src/decisions/outbound/mongo-decisions-store.ts'
import { createDecideIssue } from '../src/decisions/use-cases/decide-issue.ts'
import { MODEL_THRESHOLDS } from '../src/domain/routing.ts'
import { createAiEngine } from '../src/engines/ai/ai-engine.ts'
import type { OnFailure } from '../src/engines/ai/when-model-fails.ts'
import { createEvaluateCase } from '../src/engines/evaluate-case.ts'
import { createAiSpend } from '../src/engines/model/ai-spend.ts'
import { createMongoSpendStore } from '../src/engines/model/mongo-ai-spend.ts'
import { type ModelOptions, openModel } from '../src/engines/model/open-model.ts'
import { toModelFigures } from '../src/jobs/limits/limits-config.ts'
import { beginCounting, createProviderLimits } from '../src/jobs/limits/provider-limits.ts'
import { PROVIDERS } from '../src/jobs/limits/providers.ts'
import type { CallState } from '../src/jobs/limits/stop-watch.ts'
import { openSkills } from '../src/policies/files/skills-folder.ts'
import { startClaudeServer } from './claude-server.ts'
import { openDecisionQueue, startDecisionWorker } from './jobs.ts'
import { relayToRedis } from './relay.ts'
import { newCase, openService } from './service.ts'

const REDIS = 16
const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(REDIS)
const now = () => new Date()
const { accept, collections } = await openService({ mongo, db, now })
const queue = openDecisionQueue({ redis, collections, attempts: 2 })
const skills = await openSkills(new URL('../../skills', import.meta.url).pathname, { pollMs: null })

const opinion = { action: 'APPROVE_REFUND', confidence: 91, reasoning: 'It is defective.', policyApplied: '§3.2' }
const claude = await startClaudeServer({ answer: () => ({ opinions: [{ case: 'case-1', ...opinion }] }) })
afterAll(async () => {
  await queue.close()
  await claude.close()
})

const BREAKER = { failuresMax: 5, openMs: 300 }
/** Of a breaker that lets through hardly a probe while some decisions are made. */
const CLOSED_LATER = { ...BREAKER, openMs: 3_000 }
const HOLD: HoldLimits = { totalMs: 60_000, waitMinMs: 20, waitMaxMs: 200 }
type Change = Partial<ModelOptions> & {
  onFailure?: OnFailure
  hold?: HoldLimits
  concurrency?: number
  perMinute?: number
  stateOf?: () => CallState
  /** The client of Redis, instead of one of its own. */
  own?: Redis
}

/** A worker as it is put together in a process, with a model behind a local server. */
const startWorker = async ({ own: given, ...changes }: Change = {}) => {
  const { onFailure = 'fallback', hold = HOLD, concurrency = 1, perMinute = 60_000, stateOf, ...change } = changes
  const own = given ?? (await connectTestRedis(REDIS))
  const outbox = createOutbox(db, () => {})
  const options: ModelOptions = {
    apiKey: claude.apiKey,
    baseUrl: claude.url,
    model: 'claude-sonnet-5-5',
    effort: 'low',
    prices: { input: 3, output: 15, cacheWrite: 3.75, cacheRead: 0.3 },
    budgetMs: 60_000,
    breaker: BREAKER,
    ...change,
  }
  const spendStore = createMongoSpendStore({ mongo, collections, outbox })
  const spend = createAiSpend({ store: spendStore, dailyBudgetUsd: 100, now, logger: silent })
  const figures = { ...PROVIDERS, anthropic: toModelFigures({ concurrency, perMinute }) }
  await beginCounting(redis)
  const limits = createProviderLimits({ redis: own, figures, ...(stateOf && { stateOf }), logger: silent })
  const model = openModel(options, { limits, spend, logger: silent })
  const engine = createAiEngine({ model, budgetMs: options.budgetMs, onFailure, logger: silent })
  const policies = { choose: () => ({ skill: skills.forType('REFUND_REQUEST'), shadow: null }) }
  const decideIssue = createDecideIssue({
    announcesStart: true,
    store: createMongoDecisionsStore({ mongo, collections, outbox }),
    evaluate: createEvaluateCase({ policies, engine }),
    thresholdsOf: () => MODEL_THRESHOLDS,
    oversight: NO_OVERSIGHT,
    hold,
    now,
    monotonicMs: () => performance.now(),
    onCommit: () => {},
  })
  const worker = startDecisionWorker({ redis: own, decideIssue, concurrency: 10 })
  onTestFinished(async () => {
    await worker.close()
    model.close()
    own.destroy()
  })
}
const queueCases = async (count: number) => {
  const jobs = await accept(...Array.from({ length: count }, () => newCase()))
  await queue.enqueue(jobs)
  return jobs
}
const decisions = () => collections.decisions.find().toArray()
const untilDecided = (count: number) => expect.poll(() => collections.decisions.countDocuments({})).toBe(count)
const decideOne = async () => {
  const [job] = await queueCases(1)
  const find = () => collections.decisions.findOne({ _id: decisionIdFor(job!.id) })
  await expect.poll(find).not.toBeNull()
  return find()
}
const counts = async () => (await queue.all())[0]!.counts
const NONE = { waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0 }

beforeEach(async () => {
  await redis.flushDb()
  await collections.jobs.deleteMany({})
  await collections.decisions.deleteMany({})
  claude.always(null)
})

describe('while Claude is down', () => {
  it('the rules decide after five calls, and the model again once it is back', async () => {
    await startWorker({ breaker: CLOSED_LATER })
    claude.always('server_error')
    const before = claude.requests.length

    await queueCases(20)
    await untilDecided(20)

    // Five that open the breaker, and perhaps a probe now and then; no call for each decision.
    expect(claude.requests.length - before).toBeLessThanOrEqual(8)
    expect(claude.requests.length - before).toBeGreaterThanOrEqual(5)
    expect((await decisions()).map(({ engine, fallback }) => `${engine} ${fallback}`)).toEqual(
      Array.from({ length: 20 }, () => 'RULES true'),
    )

    claude.always(null)
    await expect.poll(async () => (await decideOne())?.engine).toBe('AI')
    await queueCases(3)
    await expect
      .poll(async () => (await decisions()).filter(({ engine }) => engine === 'AI').length)
      .toBeGreaterThanOrEqual(4)
    await expect.poll(counts).toMatchObject({ waiting: 0, active: 0, delayed: 0, failed: 0 })
    expect(await collections.jobs.countDocuments({ status: { $in: ['PENDING', 'PROCESSING', 'FAILED'] } })).toBe(0)
  })

  it('decisions that are held use up no attempt, and are made by the model when it is back', async () => {
    const patient = { failuresMax: 100, openMs: 300 }
    await startWorker({ onFailure: 'hold', breaker: patient, hold: { ...HOLD, waitMaxMs: 20 } })
    claude.always('rate_limited')
    const [job] = await queueCases(1)
    const before = claude.requests.length

    // More looks than attempts.
    await expect.poll(() => claude.requests.length - before).toBeGreaterThanOrEqual(5)
    expect((await collections.jobs.findOne({ _id: job!.id }))?.status).toBe('PROCESSING')
    claude.always(null)

    await untilDecided(1)
    expect(await decisions()).toMatchObject([{ engine: 'AI', fallback: false, jobId: job!.id }])
    await expect.poll(counts).toEqual({ ...NONE, completed: 1 })
  })

  it('decisions that were held for too long are made by the rules', async () => {
    await startWorker({ onFailure: 'hold', hold: { ...HOLD, totalMs: 300 } })
    claude.always('unauthenticated')

    await queueCases(3)
    await untilDecided(3)

    expect((await decisions()).map(({ engine, fallback }) => [engine, fallback])).toEqual([
      ['RULES', true],
      ['RULES', true],
      ['RULES', true],
    ])
    await expect.poll(counts).toEqual({ ...NONE, completed: 3 })
  })

  it('jobs fail with their last attempt if so configured', async () => {
    await startWorker({ onFailure: 'fail' })
    claude.always('refusal')

    const [job] = await queueCases(1)

    await expect.poll(async () => (await collections.jobs.findOne({ _id: job!.id }))?.status).toBe('FAILED')
    await expect.poll(counts).toEqual({ ...NONE, failed: 1 })
  })
})

describe('when there are more issues than calls', () => {
  it('each waits for its turn, never more at once than there is room, and none is left to the rules', async () => {
    let current = 0
    let most = 0
    claude.answerWith(async () => {
      most = Math.max(most, ++current)
      await new Promise((resolve) => setTimeout(resolve, 10))
      current--
      return { opinions: [{ case: 'case-1', ...opinion }] }
    })
    await Promise.all([startWorker({ concurrency: 2 }), startWorker({ concurrency: 2 })])

    await queueCases(20)
    await untilDecided(20)

    expect(most).toBeLessThanOrEqual(2)
    expect((await decisions()).every(({ engine }) => engine === 'AI')).toBe(true)
    await expect.poll(counts).toEqual({ ...NONE, completed: 20 })
  })

  it('those whose turn does not come in time are left to the rules', async () => {
    await startWorker({ perMinute: 1, concurrency: 2, hold: { ...HOLD, totalMs: 300 } })

    await queueCases(10)
    await untilDecided(10)

    const engines = (await decisions()).map(({ engine, fallback }) => `${engine} ${fallback}`).sort()
    expect(engines).toEqual(['AI false', 'AI false', ...Array.from({ length: 8 }, () => 'RULES true')])
  })
})

describe('while calls to the model are stopped', () => {
  it('issues wait without using attempts, and the model decides them once calls are resumed', async () => {
    let state: CallState = 'stopped'
    await startWorker({ concurrency: 10, stateOf: () => state })

    await queueCases(3)
    await expect.poll(async () => (await counts()).delayed).toBe(3)
    const askedBefore = claude.requests.length
    state = 'allowed'

    await untilDecided(3)
    expect(claude.requests.length - askedBefore).toBe(3)
    expect((await decisions()).map(({ engine, fallback }) => `${engine} ${fallback}`)).toEqual(
      Array(3).fill('AI false'),
    )
  })
})

describe('a worker that is killed while it asks Claude', () => {
  it('leaves its decision, and its room for a question, to another one', async () => {
    const relay = await relayToRedis(REDIS)
    claude.always('hang')
    await startWorker({ own: await connectRedis(relay.url, { name: 'test', logger: silent }) })
    const [job] = await queueCases(1)
    await expect.poll(claude.pending).toBe(1)
    expect((await collections.jobs.findOne({ _id: job!.id }))?.status).toBe('PROCESSING')

    // To Redis it is gone: it renews neither its job nor its lease, of which there is only one.
    relay.end()
    claude.always(null)
    await startWorker()

    await untilDecided(1)
    expect(await decisions()).toMatchObject([{ engine: 'AI', fallback: false, jobId: job!.id }])
    await expect.poll(counts).toEqual({ ...NONE, completed: 1 })
  })
})

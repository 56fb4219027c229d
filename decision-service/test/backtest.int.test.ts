import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { ask, tokenOf, verifyToken, withRole } from '@redress/shared/testing/callers.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { connectTestRedis, openTestDatabase, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createLoaders } from '../src/decisions/inbound/loaders.ts'
import { decideByRules } from '../src/engines/rules/rules-engine.ts'
import { openQueue } from '../src/jobs/frame/open-queue.ts'
import { JOBS } from '../src/jobs/frame/registry.ts'
import { startWorker as startJobWorker } from '../src/jobs/frame/start-worker.ts'
import { createQueueViews } from '../src/jobs/monitoring/queue-views.ts'
import { createRecoverJobs } from '../src/jobs/recovery/recover-jobs.ts'
import { openSkills } from '../src/policies/files/skills-folder.ts'
import { createOpenCandidate, createReadCandidate } from '../src/policies/trials/backtest/backtest-candidate.ts'
import { createBacktestHandler } from '../src/policies/trials/backtest/backtest-handler.ts'
import { createBacktestPolicy } from '../src/policies/trials/backtest/backtest-policy.ts'
import { createBacktestQueue } from '../src/policies/trials/backtest/backtest-queue.ts'
import { createBacktestResolvers } from '../src/policies/trials/backtest/backtest-resolvers.ts'
import {
  createFindSilent,
  createMongoBacktestStore,
  createPageOfBacktests,
} from '../src/policies/trials/backtest/mongo-backtests.ts'
import { createMadeDecisions } from '../src/policies/trials/backtest/mongo-made-decisions.ts'
import type { OpenCandidate } from '../src/policies/trials/backtest/ports.ts'
import { createRunBacktest } from '../src/policies/trials/backtest/run-backtest.ts'
import { newCase, openService, UNDECIDED } from './service.ts'

const REDIS = 25
const DIRECTORY = new URL('../../skills', import.meta.url).pathname
const ASKED = new Date('2030-06-16T12:00:00Z')
const THRESHOLDS = { autoResolve: 80, humanReview: 70 }
const ALL_DAY = { from: '2030-06-15T00:00:00Z', to: '2030-06-16T00:00:00Z' }

const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(REDIS)
const skills = await openSkills(DIRECTORY, { pollMs: null })
const refunds = skills.forType('REFUND_REQUEST')
const denying = refunds.files.get('rules.json')!.replaceAll('"APPROVE_REFUND"', '"DENY_REFUND"')

const service = await openService({
  mongo,
  db,
  evaluate: (one) => decideByRules(one, skills.forType(one.details.type)),
})
const { collections } = service
const { backtests } = collections
const outbox = createOutbox(db, () => {})

const policies = {
  inForce: skills.forType,
  find: async (digest: string) => skills.all().find((skill) => skill.digest === digest) ?? null,
}
const made = createMadeDecisions(service.collections)
const store = createMongoBacktestStore({ mongo, collections, outbox })
const { 'backtest-policy': definition } = JOBS
const registry = { 'backtest-policy': { ...definition, retry: { ...definition.retry, delayMs: 1 } } }
const jobs = openQueue('background', { redis, registry, logger: silent })
const queue = { ...createBacktestQueue(jobs), ...createQueueViews({ background: jobs }), close: jobs.close }
afterAll(() => queue.close())

let ids = 0
const backtestPolicy = createBacktestPolicy({
  readCandidate: createReadCandidate({ policies }),
  made,
  store,
  queue,
  newId: () => `bt_${++ids}`,
  now: () => ASKED,
  onCommit: () => {},
})
const subgraph = await serveSubgraph({
  name: 'decisions',
  schemaFile: new URL('../schema.graphql', import.meta.url),
  resolvers: createBacktestResolvers({
    ...{ backtestPolicy, findBacktest: store.find },
    pageOfBacktests: createPageOfBacktests(service.collections.backtests),
  }),
  createLoaders: () => createLoaders(service.views),
  verifyToken,
  checks: {},
  port: 0,
  host: '127.0.0.1',
  logger: silent,
})
afterAll(() => subgraph.close())

const openCandidate = createOpenCandidate({ policies })
const startWorker = async (open: OpenCandidate = openCandidate) => {
  const own = await connectTestRedis(REDIS)
  const runBacktest = createRunBacktest({
    store,
    made,
    openCandidate: open,
    thresholds: THRESHOLDS,
    now: () => new Date(),
    onCommit: () => {},
  })
  const worker = startJobWorker('background', {
    redis: own,
    handlers: { 'backtest-policy': createBacktestHandler(runBacktest) },
    logger: silent,
  })
  onTestFinished(async () => {
    await worker.close()
    own.destroy()
  })
  return worker
}

/** Refunds of defective items, decided by the policy in force. */
const decide = async (customers: readonly string[]) => {
  const cases = customers.map((id, at) => {
    const { case: one, ...rest } = newCase({
      transaction: { id: `t${at}`, amount: { amount: 2_000, currency: 'USD' }, status: 'CAPTURED', ageDays: 2 },
    })
    return { ...rest, case: { ...one, customer: { ...one.customer, id, accountAgeDays: 1000 } } }
  })
  const jobs = await service.accept(...cases)
  await Promise.all(jobs.map(({ id }) => service.decideIssue.decide(id)))
}
const token = await tokenOf(withRole('operator'))
const request = (digestOrText: string, range: object = ALL_DAY, skill = 'refund-policy') =>
  ask(subgraph.url, {
    query: `mutation ($skill: String!, $text: String!, $from: DateTime!, $to: DateTime!) {
      backtestPolicy(skill: $skill, digestOrText: $text, from: $from, to: $to) { id status progress candidate { digest } }
    }`,
    variables: { skill, text: digestOrText, ...range },
    token,
  })
const show = async (id: string) => {
  const query = `query ($id: ID!) { backtest(id: $id) {
    status progress failure requestedBy
    result {
      decisions changed changes { before after decisions } money { currency before after difference }
      reviewsBefore reviewsAfter customersAffected examples { action routing decision { action } }
    }
  } }`
  return (await ask(subgraph.url, { query, variables: { id }, token })).data.backtest
}
const requested = async (digestOrText: string) => (await request(digestOrText)).data.backtestPolicy.id as string
const statusOf = async (id: string) => (await store.find(id))?.status
const eventsOf = async (id: string): Promise<readonly DomainEvent[]> => {
  const ids = ['requested', 'completed', 'failed'].map((what) => `${id}-${what}`)
  return (await outboxEvents(db)).filter((event) => ids.includes(event.id))
}
const typesOf = async (id: string) => (await eventsOf(id)).map(({ type }) => type)

beforeEach(async () => {
  await redis.flushDb()
  await service.collections.decisions.deleteMany({})
  await backtests.deleteMany({})
})

describe('a backtest', () => {
  it('reports the changed decisions of a candidate and their cost', async () => {
    await decide(['cust_1', 'cust_1', 'cust_2'])
    await startWorker()

    const { data } = await request(denying)
    const { id, ...first } = data.backtestPolicy

    expect(first).toEqual({
      status: 'PENDING',
      progress: 0,
      candidate: { digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
    await expect.poll(() => statusOf(id)).toBe('COMPLETED')
    const example = { action: 'DENY_REFUND', routing: 'AUTO_RESOLVE', decision: { action: 'APPROVE_REFUND' } }
    expect(await show(id)).toEqual({
      status: 'COMPLETED',
      progress: 1,
      failure: null,
      requestedBy: 'a-operator',
      result: {
        decisions: 3,
        changed: 3,
        changes: [{ before: 'APPROVE_REFUND', after: 'DENY_REFUND', decisions: 3 }],
        money: [{ currency: 'USD', before: 6_000, after: 0, difference: -6_000 }],
        reviewsBefore: 0,
        reviewsAfter: 0,
        customersAffected: 2,
        examples: [example, example, example],
      },
    })
    expect(await eventsOf(id)).toMatchObject([
      { type: 'backtest.requested', actor: 'a-operator', entity: { type: 'Backtest', id } },
      { type: 'backtest.completed', actor: 'redress:worker', changes: { changed: { after: 3 } } },
    ])
  })

  it('of the version that decided finds nothing changed, batch after batch', async () => {
    await decide(['cust_1'])
    const [one] = await service.collections.decisions.find().toArray()
    // More than a batch, and many at the same moment.
    const copies = Array.from({ length: 510 }, (_, at) => {
      const decidedAt = new Date(one!.decidedAt.getTime() + Math.floor(at / 100))
      return { ...one!, _id: `dec_copy_${String(at).padStart(3, '0')}`, decidedAt }
    })
    await service.collections.decisions.insertMany(copies)

    const id = await requested(refunds.digest)
    await startWorker()

    await expect.poll(() => statusOf(id)).toBe('COMPLETED')
    expect((await show(id)).result).toMatchObject({ decisions: 511, changed: 0, changes: [], examples: [] })
  })

  it('counts nothing of a decision that waits for a blind review', async () => {
    await decide(['cust_1', 'cust_2'])
    const [one] = await service.collections.decisions.find().toArray()
    await service.collections.decisions.updateOne({ _id: one!._id }, { $set: { blind: true, routing: 'HUMAN_REVIEW' } })

    const id = await requested(denying)
    await startWorker()

    await expect.poll(() => statusOf(id)).toBe('COMPLETED')
    expect((await show(id)).result).toMatchObject({
      decisions: 1,
      changes: [{ before: 'APPROVE_REFUND', after: 'DENY_REFUND', decisions: 1 }],
      examples: [{ decision: { action: 'APPROVE_REFUND' } }],
    })
  })

  it('over nothing but decisions that wait for blind reviews is refused', async () => {
    await decide(['cust_1'])
    await service.collections.decisions.updateMany({}, { $set: { blind: true, routing: 'HUMAN_REVIEW' } })

    const { errors } = await request(denying)

    expect(errors[0]?.extensions.code).toBe('NO_DECISIONS_IN_RANGE')
  })

  it('with an unknown id is null', async () => {
    expect(await show('bt_nobody')).toBe(null)
  })

  it.for<[string, string, object, string]>([
    ['no range', 'BAD_USER_INPUT', { from: ALL_DAY.to, to: ALL_DAY.from }, 'refund-policy'],
    ['more than 366 days', 'BAD_USER_INPUT', { from: '2029-06-13T00:00:00Z', to: ALL_DAY.from }, 'refund-policy'],
    [
      'a range without decisions',
      'NO_DECISIONS_IN_RANGE',
      { from: ALL_DAY.to, to: '2030-06-17T00:00:00Z' },
      'refund-policy',
    ],
    ['an unknown policy', 'POLICY_NOT_FOUND', ALL_DAY, 'no-policy'],
    ['decisions of another policy only', 'NO_DECISIONS_IN_RANGE', ALL_DAY, 'dispute-policy'],
  ])('over %s is refused, and nothing is stored', async ([, code, range, skill]) => {
    await decide(['cust_1'])
    const policy = skills.all().find(({ name }) => name === skill) ?? refunds

    const { errors } = await request(policy.digest, range, skill)

    expect(errors[0]?.extensions.code).toBe(code)
    expect(await backtests.countDocuments()).toBe(0)
  })

  it.for([
    ['an unknown version', 'POLICY_VERSION_NOT_FOUND', 'd9'],
    ['a broken text', 'SKILLS_REFUSED', '{ "serves": "REFUND_REQUEST" }'],
  ] as const)('of %s is refused, and nothing is stored', async ([, code, digestOrText]) => {
    await decide(['cust_1'])

    const { errors } = await request(digestOrText)

    expect(errors[0]?.extensions.code).toBe(code)
    expect(await backtests.countDocuments()).toBe(0)
  })

  it('fails after three attempts, once, and its reason hides the message of the error', async () => {
    await decide(['cust_1'])
    const id = await requested(denying)
    let attempts = 0

    await startWorker(() => {
      attempts++
      throw new Error('no such file')
    })

    await expect.poll(() => statusOf(id)).toBe('FAILED')
    expect(attempts).toBe(3)
    const failure = 'INTERNAL_SERVER_ERROR: Something went wrong on our side. The log of the worker has the details.'
    expect(await show(id)).toMatchObject({ failure, result: null })
    expect(await typesOf(id)).toEqual(['backtest.requested', 'backtest.failed'])
  })

  it('that was lost with Redis is queued again, and only then', async () => {
    await decide(['cust_1'])
    const id = await requested(denying)
    const inAMinute = () => new Date(ASKED.getTime() + 61_000)
    const recoverAt = (now: () => Date) =>
      createRecoverJobs(definition, { findOverdue: createFindSilent(backtests), revive: queue.revive, now })

    await expect.poll(async () => (await queue.all())[0]!.counts.waiting).toBe(1)
    expect(await recoverAt(inAMinute)()).toBe(0)
    await redis.flushDb()
    expect(await recoverAt(() => ASKED)()).toBe(0)
    expect(await recoverAt(inAMinute)()).toBe(1)
    await startWorker()

    await expect.poll(() => statusOf(id)).toBe('COMPLETED')
  })

  it('goes back into the queue when its worker stops, and to another from the start', async () => {
    await decide(['cust_1'])
    const begun = Promise.withResolvers<void>()
    const stopping = Promise.withResolvers<void>()
    const id = await requested(denying)

    const first = await startWorker(async (candidate) => {
      begun.resolve()
      await stopping.promise
      return openCandidate(candidate)
    })
    await begun.promise
    const closed = first.close()
    stopping.resolve()
    await closed
    expect(await statusOf(id)).toBe('RUNNING')
    await startWorker()

    await expect.poll(() => statusOf(id)).toBe('COMPLETED')
    expect(await store.find(id)).toMatchObject({ runs: 2, result: { decisions: 1 } })
  })

  it('that two workers run at the same time ends once', async () => {
    await decide(['cust_1'])
    const id = await requested(denying)
    const dependencies = {
      store,
      made,
      openCandidate,
      thresholds: THRESHOLDS,
      now: () => new Date(),
      onCommit: () => {},
    }
    const runBacktest = createRunBacktest(dependencies)

    await Promise.all([runBacktest.run(id, () => true), runBacktest.run(id, () => true)])
    await runBacktest.giveUp(id, { ...UNDECIDED, stack: null })

    expect(await statusOf(id)).toBe('COMPLETED')
    expect(await typesOf(id)).toEqual(['backtest.requested', 'backtest.completed'])
  })

  it('that took its process with it ten times is not begun again', async () => {
    await decide(['cust_1'])
    const id = await requested(denying)
    await backtests.updateOne({ _id: id }, { $set: { runs: 10 } })
    await startWorker()

    await expect.poll(() => statusOf(id)).toBe('FAILED')
  })
})

describe('the backtests', () => {
  it('are listed newest first, by policy and status', async () => {
    await decide(['cust_1'])
    const id = await requested(denying)
    const query = `query ($filter: BacktestFilter) { backtests(filter: $filter) { nodes { id status } totalCount } }`
    const listed = async (filter: object) =>
      (await ask(subgraph.url, { query, variables: { filter }, token })).data.backtests

    expect(await listed({ status: ['PENDING'] })).toEqual({ nodes: [{ id, status: 'PENDING' }], totalCount: 1 })
    expect(await listed({ status: ['FAILED'] })).toEqual({ nodes: [], totalCount: 0 })
    expect(await listed({ skill: 'another' })).toEqual({ nodes: [], totalCount: 0 })
  })

  it('have a digest or rules for a candidate, and not both', async () => {
    const query = `mutation ($skill: String!, $digest: String, $rules: String, $from: DateTime!, $to: DateTime!) {
      backtestPolicy(skill: $skill, digest: $digest, rules: $rules, from: $from, to: $to) { id } }`
    await decide(['cust_1'])
    const codeOf = async (candidate: object) => {
      const variables = { skill: 'refund-policy', ...ALL_DAY, ...candidate }
      const { errors } = await ask(subgraph.url, { query, variables, token })
      return errors[0]?.extensions.code
    }

    expect(await codeOf({ rules: denying })).toBeUndefined()
    expect(await codeOf({ digest: 'a'.repeat(64) })).toBe('POLICY_VERSION_NOT_FOUND')
    expect(await codeOf({})).toBe('BAD_USER_INPUT')
    expect(await codeOf({ digest: 'a'.repeat(64), rules: denying })).toBe('BAD_USER_INPUT')
  })
})

describe('the queue of backtests', () => {
  it('is seen with what waits in it', async () => {
    await decide(['cust_1'])
    await requested(denying)

    await expect.poll(async () => (await queue.all())[0]!.counts.waiting).toBe(1)
    const [view] = await queue.all()
    expect(view).toMatchObject({ name: 'background', tier: 'EPHEMERAL', paused: false })
    expect(view?.oldestWaitingSeconds).toBeGreaterThanOrEqual(0)
  })
})

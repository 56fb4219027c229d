import { createOutbox } from '@redress/shared/events/outbox.ts'
import { combineParts } from '@redress/shared/subgraph/combine-parts.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { ask, tokenOf, verifyToken, withRole } from '@redress/shared/testing/callers.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { toJob } from '../src/decisions/domain/job.ts'
import { createDecisionJobSource, createJobsOfIssue } from '../src/decisions/outbound/job-source.ts'
import { createIsPaused, startPauseWatch } from '../src/jobs/acts/pause-watch.ts'
import { createQueueSwitches } from '../src/jobs/acts/queue-switches.ts'
import { openJobApi } from '../src/jobs/api/open-job-api.ts'
import { createEstimateJob } from '../src/jobs/estimates/estimate-job.ts'
import { createAddFlow } from '../src/jobs/flows/add-flow.ts'
import { createFlowRecords } from '../src/jobs/flows/flow-records.ts'
import { createFlowResolvers } from '../src/jobs/flows/flow-resolvers.ts'
import { createJobCounts } from '../src/jobs/monitoring/job-counts.ts'
import { createMetricResolvers } from '../src/jobs/monitoring/metric-resolvers.ts'
import { createMetricViews } from '../src/jobs/monitoring/metric-views.ts'
import { createMongoQueueMetrics } from '../src/jobs/monitoring/mongo-queue-metrics.ts'
import { toJobMetrics } from '../src/jobs/monitoring/open-job-counts.ts'
import { createQueueViews } from '../src/jobs/monitoring/queue-views.ts'
import { requestBacktest } from '../src/policies/trials/backtest/backtest.ts'
import { createBacktestSource } from '../src/policies/trials/backtest/backtest-source.ts'
import { openJobBed } from './job-bed.ts'
import { newCase, openService } from './service.ts'

const bed = await openJobBed(58)
const { mongo, db, redis, collections, queues, records, work, statusOf } = bed
const decisions = await openService({ mongo, db })
const acted: string[] = []
const api = openJobApi(
  { ...bed, outbox: createOutbox(db, () => {}), logger: silent },
  {
    registry: bed.registry,
    sources: [
      createDecisionJobSource(collections),
      createBacktestSource({ find: async () => null }, collections.backtests),
    ],
    jobsOfIssue: createJobsOfIssue(collections),
    queueViews: createQueueViews(queues, {}, createIsPaused(collections.queueSwitches)),
    onChange: bed.onChange,
    onQueueAct: async (name) => void acted.push(name),
  },
)
const flows = createFlowRecords({ mongo, collection: collections.jobRecords, registry: bed.registry })
const addFlow = createAddFlow({ ...bed, flows, logger: silent, now: () => new Date() })
const metrics = createMongoQueueMetrics(collections.queueMetrics)
const views = createMetricViews({ metrics, registry: bed.registry, now: () => new Date() })
const subgraph = await serveSubgraph({
  ...{ name: 'decisions', schemaFile: new URL('../schema.graphql', import.meta.url), verifyToken },
  ...combineParts(
    api,
    { resolvers: createFlowResolvers({ addFlow, flows, views: api.views }) },
    {
      resolvers: createMetricResolvers(views, createEstimateJob({ queues, metrics, now: () => new Date() })),
    },
  ),
  ...{ checks: {}, port: 0, host: '127.0.0.1', logger: silent },
})
afterAll(() => subgraph.close())
beforeEach(async () => {
  await redis.flushDb()
  for (const name of ['queueMetrics', 'jobRecords', 'idempotencyKeys', 'queueSwitches', 'jobs'] as const) {
    await collections[name].deleteMany({})
  }
})

const asRole = async (
  role: 'operator' | 'service' | 'admin' | 'read_only' | 'customer',
  query: string,
  variables = {},
) => ask(subgraph.url, { query, variables, token: await tokenOf(withRole(role)) })
const codesOf = ({ errors }: Awaited<ReturnType<typeof asRole>>) => errors.map(({ extensions }) => extensions.code)
const ADD = `mutation ($input: AddJobInput!) { addJob(input: $input) { isNew job {
  id type state priority attempts maxAttempts data result actor failure progress queue { name } } } }`
const add = async (key: string, change = {}, role: 'operator' | 'service' = 'operator') => {
  const input = { type: 'count-critical', data: { key }, ...change }
  return (await asRole(role, ADD, { input })).data.addJob.job
}
const failed = async (key: string) => {
  const { id } = await add(key)
  await records.fail({ id, type: 'count-critical' }, { code: 'JOB_TIMED_OUT', message: 'Too slow.' }, new Date())
  return id as string
}
const actsOf = async (entityId: string) =>
  (await outboxEvents(db))
    .filter(({ entity }) => entity.id === entityId)
    .map(({ type, actor, changes }) => [type, actor, changes])

describe('a job', () => {
  it('is added, and seen by whoever added it and by operators', async () => {
    const job = await add('a', { priority: 10 }, 'service')
    const query = `query ($id: ID!) { job(id: $id) { id actor } jobs { totalCount nodes { id } } }`

    const seen = [await asRole('service', query, { id: job.id }), await asRole('operator', query, { id: job.id })]
    const own = await add('b')
    const unseen = await asRole('service', query, { id: own.id })

    expect(job).toMatchObject({
      ...{ type: 'count-critical', state: 'WAITING', priority: 10, attempts: 0, maxAttempts: 3, data: { key: 'a' } },
      ...{ actor: 'a-service', failure: null, result: null, queue: { name: 'money' } },
    })
    for (const { data } of seen) {
      expect(data).toEqual({
        job: { id: job.id, actor: 'a-service' },
        jobs: { totalCount: 1, nodes: [{ id: job.id }] },
      })
    }
    expect(unseen.data).toEqual({ job: null, jobs: { totalCount: 1, nodes: [{ id: job.id }] } })
  })

  it('without a record is seen with its result as long as Redis keeps it', async () => {
    await work(async () => ({ done: true }))

    const { id } = await add('a', { type: 'count-important' })

    const read = async () =>
      (await asRole('operator', `{ job(id: "${id}") { state progress result attempts } }`)).data.job
    await expect.poll(read).toEqual({ state: 'COMPLETED', progress: 100, result: { done: true }, attempts: 1 })
  })

  it.for(['count-critical', 'count-ephemeral'])(
    'of the type %s that is added again is shown as it is',
    async (type) => {
      const first = await add('a', { type, idempotencyKey: 'k1' })
      const again = () => add('a', { type, idempotencyKey: 'k1', priority: 9, attempts: 7, delayMs: 60_000 })
      const batch = `mutation ($inputs: [AddJobInput!]!) { addJobs(inputs: $inputs) { jobs { isNew job { priority state } } } }`

      expect(await again()).toEqual(first)
      expect(
        (await asRole('operator', batch, { inputs: [{ type, data: { key: 'a' }, idempotencyKey: 'k1', priority: 9 }] }))
          .data.addJobs.jobs,
      ).toEqual([{ isNew: false, job: { priority: first.priority, state: 'WAITING' } }])
      await redis.flushDb()
      expect(await again()).toEqual(first)
    },
  )

  it('of a decision is seen by its issue, and changed by that only', async () => {
    const asked = newCase()
    const [job] = await decisions.accept(asked, newCase())
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Issue { jobs { id type state data } } } }`
    const r = [{ __typename: 'Issue', id: asked.case.issueId }]

    const { data } = await asRole('operator', query, { r })

    const data0 = { issueId: asked.case.issueId }
    expect(data._entities[0].jobs).toEqual([{ id: job!.id, type: 'decide-issue', state: 'WAITING', data: data0 }])
    expect(
      codesOf(await asRole('operator', `mutation { cancelJob(id: "${job!.id}", reason: "x") { job { id } } }`)),
    ).toEqual(['JOB_NOT_MANAGED'])
  })

  it('that failed is opened again, with the reason on record', async () => {
    const id = await failed('a')

    const mutation = `mutation { retryJob(id: "${id}", reason: "mail ada@example.org") { job { state maxAttempts attempts } } }`
    const { data } = await asRole('operator', mutation)

    expect(data.retryJob.job).toEqual({ state: 'WAITING', maxAttempts: 6, attempts: 1 })
    expect(await queues.money.use((queue) => queue.getJobState(id))).toBe('prioritized')
    expect(await actsOf(id)).toMatchObject([
      ['job.retried', 'a-operator', { reason: { after: expect.not.stringContaining('ada') } }],
    ])
    expect(codesOf(await asRole('operator', mutation))).toEqual(['INVALID_TRANSITION'])
  })

  it.for(['count-critical', 'count-important'])('of the type %s that waits is cancelled, once', async (type) => {
    const { id } = await add('a', { type })

    const mutation = `mutation { cancelJob(id: "${id}", reason: "not needed") { job { state } } }`
    expect((await asRole('operator', mutation)).data.cancelJob.job.state).toBe('CANCELLED')

    expect(
      await queues[type === 'count-critical' ? 'money' : 'communication'].use((queue) => queue.getJobState(id)),
    ).toBe('unknown')
    expect(await actsOf(id)).toMatchObject([['job.cancelled', 'a-operator', {}]])
    expect(codesOf(await asRole('operator', mutation))).toEqual([
      type === 'count-critical' ? 'INVALID_TRANSITION' : 'JOB_NOT_FOUND',
    ])
  })

  it.for([
    ['cancelled', (id: string) => `cancelJob(id: "${id}", reason: "x") { job { id } }`],
    [
      'cleared away',
      () => 'clearQueue(name: "background", state: WAITING, confirm: "background", reason: "x") { removed }',
    ],
  ] as const)('that was %s is not queued again by a repeat of its key', async ([, act]) => {
    const order = { type: 'count-ephemeral', idempotencyKey: 'k1' }
    const { id } = await add('a', order)
    await asRole('admin', `mutation { ${act(id)} }`)
    const cancelled = { id, actor: 'a-operator', status: 'CANCELLED' }
    expect(bed.changes.at(-1)).toMatchObject(cancelled)

    expect(await add('a', order)).toMatchObject({ id, state: 'CANCELLED' })
    expect(await queues.background.use((queue) => queue.getJobState(id))).toBe('unknown')
  })

  it('that runs is asked to stop', async () => {
    const begun = Promise.withResolvers<void>()
    await work((_, { signal }) => {
      begun.resolve()
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))))
    })
    const { id } = await add('a')
    await begun.promise

    const mutation = `mutation { cancelJob(id: "${id}", reason: "x") { job { cancelRequestedAt } } }`
    expect((await asRole('operator', mutation)).data.cancelJob.job.cancelRequestedAt).not.toBeNull()

    await expect.poll(() => statusOf(id)).toBe('CANCELLED')
  })

  it.for<[string, string]>([
    ['addJob(input: { type: "other", data: {} }) { isNew }', 'JOB_TYPE_NOT_FOUND'],
    ['addJob(input: { type: "count-inside", data: {} }) { isNew }', 'JOB_TYPE_NOT_ADDABLE'],
    ['addJob(input: { type: "count-critical", queue: "slow", data: {} }) { isNew }', 'QUEUE_NOT_FOUND'],
    ['addJob(input: { type: "count-critical", data: { key: 1 } }) { isNew }', 'BAD_USER_INPUT'],
    ['addJob(input: { type: "count-critical", data: { key: "a" }, priority: 11 }) { isNew }', 'BAD_USER_INPUT'],
    ['retryJob(id: "job_money_x", reason: "x") { job { id } }', 'JOB_NOT_FOUND'],
    ['cancelJob(id: "other", reason: "x") { job { id } }', 'JOB_NOT_FOUND'],
    ['pauseQueue(name: "slow", reason: "x") { queue { name } }', 'QUEUE_NOT_FOUND'],
    ['clearQueue(name: "money", state: WAITING, confirm: "yes", reason: "x") { removed }', 'CONFIRMATION_MISMATCH'],
    ['clearQueue(name: "money", state: ACTIVE, confirm: "money", reason: "x") { removed }', 'INVALID_TRANSITION'],
  ])('%s is refused with %s', async ([mutation, code]) => {
    expect(codesOf(await asRole('admin', `mutation { ${mutation} }`))).toEqual([code])
    expect(await collections.jobRecords.countDocuments()).toBe(0)
  })

  it('is refused with every problem at once, those of the schema and those of its data', async () => {
    const order = { type: 'count-critical', priority: 11, data: { key: 1 } }
    const alone = await asRole('operator', ADD, { input: order })
    const batch = `mutation ($inputs: [AddJobInput!]!) { addJobs(inputs: $inputs) { errors { index path problems { path } } } }`
    const unreadable = { type: 'count-critical', data: { key: 'a\u0000' } }
    const noObject = { type: 'count-critical', data: ['a'] }
    const { errors } = (await asRole('operator', batch, { inputs: [order, unreadable, noObject] })).data.addJobs

    const paths = (argument: string[]) => [
      [...argument, 'priority'],
      [...argument, 'data', 'key'],
    ]
    const [refused] = alone.errors as unknown as [{ extensions: { problems: { path: string[] }[] } }]
    expect(refused.extensions.problems.map(({ path }) => path)).toEqual(paths(['input']))
    expect(errors.map(({ problems }: { problems: { path: string[] }[] }) => problems.map(({ path }) => path))).toEqual([
      paths(['inputs', '0']),
      [['inputs', '1', 'data', 'key']],
      [['inputs', '2', 'data']],
    ])
  })

  it('of a type that there is not is refused with the types that callers may add', async () => {
    const { errors } = await asRole('operator', ADD, { input: { type: 'other', data: {} } })

    expect(errors[0]!.message).toContain('count-critical')
    expect(errors[0]!.message).not.toContain('count-inside')
  })

  it('and those that it waits for are added as one flow, once for a key, or refused with all problems', async () => {
    const flow = `mutation ($jobs: [FlowJobInput!]!) { addFlow(jobs: $jobs, idempotencyKey: "k1") {
      isNew job { data children { data children { data } } } } }`
    const jobs = [null, 0, 1].map((parent, place) => ({ type: 'count-critical', data: { key: `f${place}` }, parent }))
    const added = [await asRole('operator', flow, { jobs }), await asRole('operator', flow, { jobs })]
    const wrong = await asRole('operator', flow, { jobs: [jobs[0], { ...jobs[1], parent: 1, data: {}, priority: 0 }] })

    const chain = { data: { key: 'f0' }, children: [{ data: { key: 'f1' }, children: [{ data: { key: 'f2' } }] }] }
    expect(added.map(({ data }) => data.addFlow)).toEqual([
      { isNew: true, job: chain },
      { isNew: false, job: chain },
    ])
    const [refused] = wrong.errors as unknown as [{ extensions: { problems: { path: string[] }[] } }]
    expect(refused.extensions.problems.map(({ path }) => path.join('.'))).toEqual([
      'jobs.1.parent',
      'jobs.1.priority',
      'jobs.1.data.key',
    ])
    expect(await collections.jobRecords.countDocuments()).toBe(3)
  })

  it('is added and changed by some roles only', async () => {
    const { id } = await add('a')
    const refused = [
      await asRole('read_only', ADD, { input: { type: 'count-critical', data: { key: 'b' } } }),
      await asRole('service', `mutation { cancelJob(id: "${id}", reason: "x") { job { id } } }`),
      await asRole('service', `mutation { pauseQueue(name: "money", reason: "x") { queue { name } } }`),
      await asRole(
        'operator',
        `mutation { clearQueue(name: "money", state: WAITING, confirm: "money", reason: "x") { removed } }`,
      ),
      await asRole('service', '{ queue(name: "money") { jobs { nodes { id } } } }'),
    ]

    expect(refused.map(codesOf)).toEqual(Array(5).fill(['FORBIDDEN']))
  })
})

describe('a batch', () => {
  it('gives each job and each refusal its place', async () => {
    const input = (key: unknown) => ({ type: 'count-critical', data: { key } })
    const query = `mutation ($inputs: [AddJobInput!]!) { addJobs(inputs: $inputs) {
      total successful failed jobs { index isNew job { data } } errors { index code path } } }`

    const { data } = await asRole('service', query, { inputs: [input('a'), input(7), input('c')] })

    expect(data.addJobs).toEqual({
      ...{ total: 3, successful: 2, failed: 1 },
      jobs: [
        { index: 0, isNew: true, job: { data: { key: 'a' } } },
        { index: 2, isNew: true, job: { data: { key: 'c' } } },
      ],
      errors: [{ index: 1, code: 'BAD_USER_INPUT', path: ['inputs', '1', 'data', 'key'] }],
    })
  })

  it('of 101 jobs is refused', async () => {
    const inputs = Array(101).fill({ type: 'count-critical', data: { key: 'a' } })
    const query = 'mutation ($inputs: [AddJobInput!]!) { addJobs(inputs: $inputs) { total } }'

    expect(codesOf(await asRole('service', query, { inputs }))).toEqual(['BAD_USER_INPUT'])
  })
})

describe('a list of jobs', () => {
  it('is read in pages both ways, and filtered', async () => {
    const ids: string[] = []
    for (const key of ['a', 'b', 'c']) ids.unshift((await add(key)).id)
    await records.fail({ id: ids[0]!, type: 'count-critical' }, { code: 'JOB_TIMED_OUT', message: 'x' }, new Date())
    const list = async (args: string) => {
      const { data } = await asRole(
        'operator',
        `{ jobs(${args}) { totalCount nodes { id failure } pageInfo { endCursor hasNextPage } } }`,
      )
      return data.jobs
    }

    const first = await list('first: 2')
    const rest = await list(`first: 2, after: "${first.pageInfo.endCursor}"`)

    expect([...first.nodes, ...rest.nodes].map(({ id }) => id)).toEqual(ids)
    expect([first.pageInfo.hasNextPage, rest.pageInfo.hasNextPage, first.totalCount]).toEqual([true, false, 3])
    expect(await list('filter: { state: [FAILED] }')).toMatchObject({
      nodes: [{ id: ids[0], failure: 'JOB_TIMED_OUT: x' }],
    })
    expect(await list('filter: { state: [] }')).toMatchObject({ totalCount: 0, nodes: [] })
    expect(await list('filter: { state: [DELAYED], queue: "money", type: ["count-critical"] }')).toMatchObject({
      totalCount: 0,
    })
  })

  it('of a queue shows what it holds, by state', async () => {
    for (const [key, priority] of [
      ['a', 1],
      ['b', 10],
      ['c', 5],
    ] as const)
      await add(key, { priority })
    await add('d', { delayMs: 60_000 })
    const list = async (args: string) => {
      const query = `{ queue(name: "money") { jobs(${args}) { totalCount nodes { state data } pageInfo { endCursor hasNextPage } } } }`
      return (await asRole('operator', query)).data.queue.jobs
    }

    const first = await list('first: 3')
    const rest = await list(`first: 3, after: "${first.pageInfo.endCursor}"`)

    const seen = [...first.nodes, ...rest.nodes].map(({ state, data }) => `${data.key} ${state}`)
    expect([seen, first.totalCount, first.pageInfo.hasNextPage]).toEqual([
      ['b WAITING', 'c WAITING', 'a WAITING', 'd DELAYED'],
      4,
      true,
    ])
    expect(await list('state: [DELAYED], last: 1')).toMatchObject({ totalCount: 1, nodes: [{ data: { key: 'd' } }] })
  })
})

describe('the list of jobs', () => {
  const LIST = `query ($filter: JobFilter, $after: String) {
    jobs(first: 2, filter: $filter, after: $after) { totalCount nodes { id } pageInfo { endCursor hasNextPage } } }`
  const list = async (filter: object = {}, role: 'operator' | 'service' = 'operator') => {
    const ids: string[] = []
    let after: string | null = null
    for (let more = true; more; ) {
      const page: Awaited<ReturnType<typeof asRole>> = await asRole(role, LIST, { filter, after })
      const { totalCount, nodes, pageInfo } = page.data.jobs
      ids.push(...nodes.map(({ id }: { id: string }) => id))
      expect(totalCount).toBe((await asRole(role, LIST, { filter })).data.jobs.totalCount)
      after = pageInfo.endCursor
      more = pageInfo.hasNextPage
    }
    return ids
  }

  it('has decisions and backtests among the others, newest first', async () => {
    const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, second))
    const decided = (id: string, second: number, status: 'PENDING' | 'FAILED') => {
      const { id: _, ...job } = toJob(newCase(), at(second))
      return { ...job, _id: `decide-${id}`, status }
    }
    await collections.jobs.insertMany([
      decided('a', 1, 'FAILED'),
      decided('b', 3, 'PENDING'),
      decided('c', 3, 'FAILED'),
    ])
    const asked = { id: 'bt_1', skill: 'refund-policy', candidate: { policy: { digest: 'd' } }, from: at(0), to: at(1) }
    const cause = { actor: 'a-service', requestId: null, ip: null }
    const { id: _id, ...backtest } = requestBacktest({ ...asked, decisions: 1, cause } as never, at(2)).backtest
    await collections.backtests.insertOne({ _id, ...backtest })
    const { id } = await add('k', {}, 'service')
    await collections.jobRecords.updateOne({ _id: id }, { $set: { createdAt: at(3) } })

    expect(await list()).toEqual([id, 'decide-c', 'decide-b', 'bt_1', 'decide-a'])
    expect(await list({ state: ['FAILED'] })).toEqual(['decide-c', 'decide-a'])
    expect(await list({ queue: 'background' })).toEqual(['bt_1'])
    expect(await list({ type: ['decide-issue'], to: at(3) })).toEqual(['decide-a'])
    expect(await list({}, 'service')).toEqual([id, 'bt_1'])
  })

  it('is read through an index of each store', async () => {
    const parts = createDecisionJobSource(collections).parts({ state: ['FAILED'] })
    const failed = collections.jobs.find({ status: 'FAILED', createdAt: { $gt: new Date(0) } })
    const { queryPlanner } = await failed.sort({ createdAt: -1, _id: -1 }).explain()

    expect([parts.length, queryPlanner.winningPlan.indexName]).toEqual([1, 'by_status'])
  })
})

describe('a queue', () => {
  const pause = (what: 'pause' | 'resume') =>
    asRole('operator', `mutation { ${what}Queue(name: "money", reason: "repair") { queue { paused } } }`)

  it('is paused and resumed, each once on record, and stays paused when Redis has forgotten it', async () => {
    expect((await pause('pause')).data.pauseQueue.queue.paused).toBe(true)
    expect(acted.at(-1)).toBe('money')
    await pause('pause')
    await redis.flushDb()
    expect((await asRole('operator', '{ queue(name: "money") { paused } }')).data.queue.paused).toBe(true)
    expect(await api.switches.restore()).toEqual(['money'])
    expect(await queues.money.use((queue) => queue.isPaused())).toBe(true)

    expect((await pause('resume')).data.resumeQueue.queue.paused).toBe(false)

    expect((await actsOf('money')).map(([type]) => type)).toEqual(['queue.paused', 'queue.resumed'])
    expect(await api.switches.restore()).toEqual([])
  })

  it('runs nothing while it is paused, although Redis has forgotten it, and goes on when it is resumed', async () => {
    const pauses = startPauseWatch({ collection: collections.queueSwitches, queues, logger: silent, pollMs: 60_000 })
    onTestFinished(() => pauses.stop())
    await pause('pause')
    await redis.flushDb()
    let runs = 0
    await work(async () => ({ runs: ++runs }), { isPaused: pauses.isPaused })

    const { id } = await add('a')

    await expect.poll(() => queues.money.use((queue) => queue.isPaused())).toBe(true)
    await expect.poll(() => queues.money.use((queue) => queue.getJobCountByTypes('active'))).toBe(0)
    expect(runs).toBe(0)
    await pause('resume')
    await expect.poll(() => statusOf(id)).toBe('COMPLETED')
  })

  it('stays resumed where that happens while its pause is restored', async () => {
    await pause('pause')
    await redis.flushDb()
    const use: typeof queues.money.use = async (run) => {
      await pause('resume')
      return queues.money.use(run)
    }
    const outbox = createOutbox(db, () => {})
    const switches = createQueueSwitches({
      ...{ collection: collections.queueSwitches, mongo, outbox, now: () => new Date() },
      queues: { ...queues, money: { ...queues.money, use } },
    })

    expect(await switches.restore()).toEqual([])
    expect(await queues.money.use((queue) => queue.isPaused())).toBe(false)
  })

  it('is cleared of what waits, which is cancelled', async () => {
    const { id } = await add('a')
    await add('b', { delayMs: 60_000 })
    const clear =
      'mutation { clearQueue(name: "money", state: WAITING, confirm: "money", reason: "x") { removed queue { counts { waiting delayed } } } }'

    const { data } = await asRole('admin', clear)

    expect(data.clearQueue).toEqual({ removed: 1, queue: { counts: { waiting: 0, delayed: 1 } } })
    expect(await statusOf(id)).toBe('CANCELLED')
    const cleared = (await outboxEvents(db)).findLast(({ type }) => type === 'queue.cleared')
    expect(cleared?.changes).toMatchObject({ state: { after: 'WAITING' }, jobs: { after: 1 } })
  })

  it('is cleared of what has ended, whose record stays', async () => {
    await work(async () => null)
    const { id } = await add('a')
    await expect.poll(() => queues.money.use((queue) => queue.getCompletedCount())).toBe(1)

    const clear = 'mutation { clearQueue(name: "money", state: COMPLETED, confirm: "money", reason: "x") { removed } }'

    expect((await asRole('admin', clear)).data.clearQueue).toEqual({ removed: 1 })
    expect(await statusOf(id)).toBe('COMPLETED')
  })
})

describe('the metrics of the queues', () => {
  const at = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
  const query = `query ($from: DateTime!, $to: DateTime!) {
    queue(name: "money") { throughput(minutes: 2) { added completed failed depth } }
    jobMetrics(from: $from, to: $to) { queues {
      queue added processed failed avgProcessTimeMs throughput { last1h last24h last7d } types { type added } } }
    failureAnalysis(from: $from, to: $to) { queue type code count hours { count } } }`

  it('are read by operators', async () => {
    const counts = createJobCounts()
    Object.assign(counts.of('money', 'count-critical'), { added: 2, completed: 1, busyMs: 40 })
    await metrics.addCounts(counts.take(), new Date())

    const { data, errors } = await asRole('operator', query, { from: at(-1), to: at(0) })

    expect(errors).toEqual([])
    expect(data.queue.throughput).toHaveLength(2)
    expect(data.jobMetrics.queues[0]).toEqual({
      ...{ queue: 'money', added: 2, processed: 1, failed: 0, avgProcessTimeMs: 40 },
      ...{ throughput: { last1h: 1, last24h: 1, last7d: 1 }, types: [{ type: 'count-critical', added: 2 }] },
    })
    expect(data.failureAnalysis).toEqual([])
  })

  it('say when a job will probably be completed, until it has ended', async () => {
    const counts = createJobCounts()
    toJobMetrics(counts)({ queue: 'money', type: 'count-critical' }).completed(60_000)
    await metrics.addCounts(counts.take(), new Date())
    const before = Date.now()
    const { id } = await add('a')
    const ask = async () => (await asRole('operator', `{ job(id: "${id}") { estimatedCompletionAt } }`)).data.job

    const { estimatedCompletionAt: estimate } = await ask()
    await asRole('operator', `mutation { cancelJob(id: "${id}", reason: "x") { job { id } } }`)

    expect(Date.parse(estimate) - before).toBeGreaterThan(45_000)
    expect(await ask()).toEqual({ estimatedCompletionAt: null })
  })

  it('are refused for a range that is empty, and for a caller who may not see queues', async () => {
    const empty = await asRole('operator', query, { from: at(0), to: at(-1) })
    const unseen = await asRole('customer', query, { from: at(-1), to: at(0) })

    expect(codesOf(empty)).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT'])
    expect(new Set(codesOf(unseen))).toEqual(new Set(['FORBIDDEN']))
  })
})

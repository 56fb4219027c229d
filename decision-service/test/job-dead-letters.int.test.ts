import type { Role } from '@redress/shared/access/permissions.ts'
import { StoreUnavailableError } from '@redress/shared/errors.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { ask, tokenOf, verifyToken, withRole } from '@redress/shared/testing/callers.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import type { ClientSession } from 'mongodb'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { openJobApi } from '../src/jobs/api/open-job-api.ts'
import type { DeadJobs } from '../src/jobs/dead-letters/dead-jobs.ts'
import { toDeadJob } from '../src/jobs/dead-letters/dead-letter.ts'
import type { LetterDocument } from '../src/jobs/dead-letters/letter-documents.ts'
import { createReopenJobs } from '../src/jobs/dead-letters/reopen-jobs.ts'
import { createQueueViews } from '../src/jobs/monitoring/queue-views.ts'
import { pack, unpack } from '../src/jobs/records/stored-json.ts'
import { ADA, openJobBed } from './job-bed.ts'
import { newCase, openService, UNDECIDED } from './service.ts'

const bed = await openJobBed(33)
const { mongo, db, redis, collections, queues, records, work, addJob, promote, deadJobs } = bed
const { deadLetters } = collections
const api = openJobApi(
  { ...bed, logger: silent },
  {
    ...{ registry: bed.registry, sources: [], jobsOfIssue: async () => [], queueViews: createQueueViews(queues) },
    ...{ onChange: bed.onChange, onQueueAct: async () => undefined },
  },
)
const subgraph = await serveSubgraph({
  ...{ name: 'decisions', schemaFile: new URL('../schema.graphql', import.meta.url), resolvers: api.resolvers },
  ...{ createLoaders: () => ({}), verifyToken, checks: {}, port: 0, host: '127.0.0.1', logger: silent },
})
afterAll(() => subgraph.close())
beforeEach(async () => {
  await redis.flushDb()
  for (const name of ['jobRecords', 'idempotencyKeys', 'deadLetters', 'outbox', 'eventAlerts'] as const) {
    await collections[name].deleteMany({})
  }
})

const asRole = async (role: Role, query: string) => ask(subgraph.url, { query, token: await tokenOf(withRole(role)) })
const codesOf = ({ errors }: Awaited<ReturnType<typeof asRole>>) => errors.map(({ extensions }) => extensions.code)
const list = async (fields: string, filter = '{}') =>
  (await asRole('operator', `{ deadLetters(filter: ${filter}) { totalCount nodes { ${fields} } } }`)).data.deadLetters
const act = async (call: string, fields: string) => asRole('operator', `mutation { act: ${call} { ${fields} } }`)
const retryOne = async (id: string) => act(`retryDeadLetter(id: "${id}", reason: "fixed")`, 'deadLetter { id state }')
const retryMany = async (filter: string, dryRun = false) =>
  (await act(`retryDeadLetters(filter: ${filter}, dryRun: ${dryRun}, reason: "fixed")`, 'matched retried isComplete'))
    .data.act
const discardMany = async (filter: string, more = '') =>
  (await act(`discardDeadLetters(filter: ${filter} ${more}, reason: "no use")`, 'matched discarded isComplete')).data
    .act
const eventsOf = async (type: string) => (await outboxEvents(db)).filter((event) => event.type === type)
const stateOf = async (id: string) => (await deadLetters.findOne({ _id: id }))?.state
const order = (key: string, type = 'count-critical') => ({ type, data: { key }, attempts: 1 })

/** Fails what it is told to fail. */
const failing = { current: true }
const run = async ({ key }: { key: string }) => {
  if (failing.current) throw new TypeError(`no way for ada@example.org with ${key}`)
  return null
}
const fail = async (...types: readonly string[]) => {
  failing.current = true
  const before = await deadLetters.countDocuments({ state: 'OPEN' })
  const jobs = await Promise.all(types.map((type, index) => addJob(order(`k${index}`, type), ADA)))
  const worker = await work(run)
  await expect.poll(() => deadLetters.countDocuments({ state: 'OPEN' })).toBe(before + types.length)
  // With the worker, Redis has the ends of the jobs as well.
  await worker.close()
  return jobs.map(({ job }) => job.id)
}
const EVERY_TIER = ['count-critical', 'count-important', 'count-ephemeral'] as const

describe('a dead letter', () => {
  it('is kept of a job of every tier, with its reason and without personal data, for operators', async () => {
    const ids = await fail(...EVERY_TIER)

    const { totalCount, nodes } = await list(
      'id kind service type queue code reason stack attempts payload state isRetryable handling { at } firstFailedAt lastFailedAt job { state }',
    )

    expect(totalCount).toBe(3)
    expect(nodes.map(({ id }: { id: string }) => id).sort()).toEqual([...ids].sort())
    for (const node of nodes) {
      expect(node).toMatchObject({ kind: 'JOB', service: 'decisions', code: 'INTERNAL_SERVER_ERROR', attempts: 1 })
      expect(node).toMatchObject({
        state: 'OPEN',
        isRetryable: true,
        handling: null,
        payload: { key: expect.any(String) },
      })
      expect(node.stack).toMatch(/^TypeError: no way for \[email\] with k\d\n {4}at /)
      expect(node.lastFailedAt).toBe(node.firstFailedAt)
    }
    const jobOf = Object.fromEntries(nodes.map(({ type, job }: { type: string; job: unknown }) => [type, job]))
    expect(jobOf).toEqual({
      ...{ 'count-critical': { state: 'FAILED' }, 'count-important': { state: 'FAILED' } },
      'count-ephemeral': null,
    })
    const refused = await Promise.all(
      (['reviewer', 'service', 'read_only', 'customer'] as const).map((role) =>
        asRole(role, '{ deadLetters { totalCount } }'),
      ),
    )
    expect(refused.flatMap(codesOf)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN'])
    expect(
      codesOf(await asRole('reviewer', `mutation { retryDeadLetter(id: "${ids[0]}", reason: "x") { __typename } }`)),
    ).toEqual(['FORBIDDEN'])
  })

  it('is kept of a job that cannot be read, of one of an unknown type, and of one that was not decided', async () => {
    const add = (name: string, id: string, data: object) =>
      queues.background.use((queue) => queue.add(name, data, { jobId: id, removeOnFail: true }))
    await add('count-ephemeral', 'job-1', { data: 'no object' })
    await add('of-a-newer-version', 'job-2', { customerId: 'cust_1' })
    const service = await openService({ mongo, db })
    const [decision] = await service.accept(newCase())
    await service.decideIssue.giveUp(decision!.id, UNDECIDED)
    await work(run)

    await expect.poll(() => deadLetters.countDocuments()).toBe(3)
    const { nodes } = await list('id code payload isRetryable')
    const [undecided, ...others] = nodes.toSorted((a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1))
    const payload = { issueId: expect.any(String) }
    expect(undecided).toEqual({ id: decision!.id, code: 'JOB_CRASHED', payload, isRetryable: false })
    expect(others).toEqual([
      { id: 'job-1', code: 'JOB_UNREADABLE', payload: { data: 'no object' }, isRetryable: true },
      { id: 'job-2', code: 'JOB_TYPE_NOT_FOUND', payload: { customerId: '[redacted]' }, isRetryable: true },
    ])
    expect(codesOf(await retryOne(decision!.id))).toEqual(['JOB_NOT_MANAGED'])
    expect(await retryMany(`{ id: ["${decision!.id}"] }`)).toEqual({ matched: 0, retried: 0, isComplete: true })
    // As retryIssue does.
    const { issueId } = decision!.case
    await service.accept({ ...newCase({ issueId }), eventId: `${issueId}-9` })
    expect(await stateOf(decision!.id)).toBe('RETRIED')
  })

  it('is retried once, with the reason on record; its job runs again and may fail again', async () => {
    const [id] = await fail('count-critical')
    const { firstFailedAt } = (await deadLetters.findOne({ _id: id! }))!

    const answers = [await retryOne(id!), await retryOne(id!)]

    expect(answers[0]!.data.act.deadLetter).toEqual({ id, state: 'RETRIED' })
    expect(codesOf(answers[1]!)).toEqual(['INVALID_TRANSITION'])
    expect((await eventsOf('job.retried')).map(({ actor, entity, changes }) => [actor, entity.id, changes])).toEqual([
      ['a-operator', id, { reason: { before: null, after: 'fixed' }, state: { before: 'FAILED', after: 'WAITING' } }],
    ])
    await work(run)
    await promote()
    await expect.poll(() => stateOf(id!)).toBe('OPEN')
    const again = (await deadLetters.findOne({ _id: id! }))!
    expect(again).toMatchObject({ firstFailedAt, attempts: 4 })
    expect(again.lastFailedAt > firstFailedAt).toBe(true)
  })

  it('is closed by retryJob as well', async () => {
    const [id] = await fail('count-important')

    await act(`retryJob(id: "${id}", reason: "fixed")`, 'job { state }')

    expect(await list('state handling { actor reason }')).toEqual({
      totalCount: 1,
      nodes: [{ state: 'RETRIED', handling: { actor: 'a-operator', reason: 'fixed' } }],
    })
  })

  it('of a job with an idempotency key is retried with its key: a repeat of it has the new end', async () => {
    failing.current = true
    const keyed = { ...order('a', 'count-important'), idempotencyKey: 'k1' }
    const { job } = await addJob(keyed, ADA)
    await work(run)
    await expect.poll(async () => (await addJob(keyed, ADA)).job.state).toBe('FAILED')

    failing.current = false
    await retryOne(job.id)

    await expect.poll(async () => (await addJob(keyed, ADA)).job.state).toBe('COMPLETED')
  })

  it('raises one alert for a cause, and another one once nothing of it is open, or after a day', async () => {
    await fail('count-critical', 'count-critical', 'count-important')
    const alerts = async () => (await eventsOf('alert.raised')).map(({ data, entity }) => [data, entity.type])

    expect((await alerts()).length).toBe(2)
    expect(await alerts()).toContainEqual([
      expect.objectContaining({ type: 'DEAD_LETTER', severity: 'CRITICAL' }),
      'Job',
    ])
    await deadLetters.updateMany({ state: 'OPEN' }, { $set: { lastFailedAt: new Date(Date.now() - 25 * 3_600_000) } })
    await fail('count-critical', 'count-critical')
    expect((await alerts()).length).toBe(3)
    await discardMany('{}', ', dryRun: false')
    await fail('count-critical')
    expect((await alerts()).length).toBe(4)
  })
})

describe('many dead letters', () => {
  it('are retried by a filter, after a dry run that only counts', async () => {
    await fail(...EVERY_TIER)
    const filter = '{ queue: ["money", "communication"], code: ["INTERNAL_SERVER_ERROR"], kind: JOB }'

    const counted = [await retryMany(filter, true), await retryMany('{ type: ["none"] }', true)]
    expect(await deadLetters.countDocuments({ state: 'OPEN' })).toBe(3)
    const retried = [await retryMany(filter), await retryMany(filter)]

    expect(counted.map(({ matched, retried: count }) => [matched, count])).toEqual([
      [2, 0],
      [0, 0],
    ])
    expect(retried.map(({ matched, retried: count }) => [matched, count])).toEqual([
      [2, 2],
      [0, 0],
    ])
    expect((await list('type', '{ state: [OPEN] }')).nodes).toEqual([{ type: 'count-ephemeral' }])
    failing.current = false
    // Those of the tests before are there as well.
    const changesBefore = bed.changes.length
    await work(run)
    const completed = () => bed.changes.slice(changesBefore).filter(({ status }) => status === 'COMPLETED')
    await expect.poll(() => completed().length).toBe(2)
    expect(await stateOf((await list('id', '{ type: ["count-important"] }')).nodes[0].id)).toBe('RETRIED')
  })

  it('are discarded 500 at a time, each with its event, and stay in the list', async () => {
    await deadLetters.insertMany(Array.from({ length: 501 }, (_, index) => toDocument(index)))

    const dry = await discardMany('{}')
    const first = await discardMany('{}', ', dryRun: false')
    const second = await discardMany('{}', ', dryRun: false')

    expect([dry, first, second]).toEqual([
      { matched: 501, discarded: 0, isComplete: false },
      { matched: 501, discarded: 500, isComplete: false },
      { matched: 1, discarded: 1, isComplete: true },
    ])
    expect((await eventsOf('job.discarded')).length).toBe(501)
    const { totalCount, nodes } = await list('id state handling { actor reason }', '{ state: [DISCARDED] }')
    expect(totalCount).toBe(501)
    expect(nodes[0]).toEqual({
      ...{ id: 'job_500', state: 'DISCARDED' },
      handling: { actor: 'a-operator', reason: 'no use' },
    })
  })

  it('are listed page by page, forwards and backwards', async () => {
    await deadLetters.insertMany(Array.from({ length: 5 }, (_, index) => toDocument(index)))
    const page = async (args: string) =>
      (await asRole('operator', `{ deadLetters(${args}) { nodes { id } pageInfo { endCursor hasNextPage } } }`)).data
        .deadLetters

    const first = await page('first: 2')
    const rest = await page(`first: 5, after: "${first.pageInfo.endCursor}"`)

    expect([...first.nodes, ...rest.nodes].map(({ id }) => id)).toEqual(['job_4', 'job_3', 'job_2', 'job_1', 'job_0'])
    expect((await page('last: 2')).nodes.map(({ id }: { id: string }) => id)).toEqual(['job_1', 'job_0'])
  })
})

describe('a crash loses no dead letter and makes none twice', () => {
  it('between the record of a job and its dead letter: they are one transaction', async () => {
    const { job } = await addJob(order('a'), ADA)
    const end = (then: () => Promise<unknown>) => {
      const fail = async (session: ClientSession) => {
        const failed = await records.fail(job, UNDECIDED.failure, new Date(), session)
        await then()
        return failed
      }
      return deadJobs.end(fail, toDeadJob, new Date())
    }

    await end(() => Promise.reject(new Error('crash'))).catch(() => undefined)
    expect([(await records.find(job.id))?.status, await deadLetters.countDocuments()]).toEqual(['PENDING', 0])
    const ended = await Promise.all([end(async () => undefined), end(async () => undefined)])

    expect(ended.filter((failed) => failed === null).length).toBe(1)
    expect(await deadLetters.countDocuments()).toBe(1)
    expect((await eventsOf('alert.raised')).length).toBe(1)
  })

  it.for([
    ['fails again', true],
    ['is done', false],
  ] as const)(
    'between the dead letter of a job in Redis and its end there: it runs again and %s',
    async ([, failsAgain]) => {
      failing.current = true
      let crashes = 0
      const crashing: DeadJobs = {
        ...deadJobs,
        async put(...args) {
          await deadJobs.put(...args)
          // The process ends here: the job goes to another one, as one that is held does.
          if (crashes++ === 0) throw new StoreUnavailableError()
        },
      }
      const { job } = await addJob(order('a', 'count-important'), ADA)
      await work(run, { deadJobs: crashing })
      await expect.poll(() => crashes).toBe(1)
      failing.current = failsAgain
      await expect
        .poll(async () => {
          await promote()
          return queues.communication.use((queue) => queue.getJobState(job.id))
        })
        .toBe(failsAgain ? 'failed' : 'completed')

      expect(await stateOf(job.id)).toBe(failsAgain ? 'OPEN' : 'RETRIED')
      expect([await deadLetters.countDocuments(), (await eventsOf('alert.raised')).length]).toEqual([1, 1])
    },
  )

  it('between the retry of a job in Redis and its queue: recovery queues it, once', async () => {
    const [id] = await fail('count-ephemeral')
    const letter = (await deadLetters.findOne({ _id: id! }))!
    const queued = { message: unpack(letter.queued!.message), priority: letter.queued!.priority }
    const crash = async () => undefined
    const shared = { ...bed, deadLetters, onChange: () => {}, logger: silent }
    const cause = { actor: 'ada', requestId: null, ip: null, tenant: 'default' }
    await createReopenJobs({ ...shared, queueAgain: crash })(
      async () => [{ id: id!, type: letter.type!, queue: letter.queue!, queued }],
      { reason: 'fixed', cause, at: new Date() },
    )
    failing.current = false

    const recovered = [await api.recoverRetried(), await api.recoverRetried({ all: true })]
    expect(recovered).toEqual([0, 1])
    expect(await api.recoverRetried({ all: true })).toBe(0)

    await work(run)
    await expect.poll(() => bed.changes.some((change) => change.id === id && change.status === 'COMPLETED')).toBe(true)
  })
})

function toDocument(index: number): LetterDocument {
  const at = new Date(Date.UTC(2030, 0, 1) + index)
  return {
    ...{ _id: `job_${index}`, kind: 'JOB', service: 'decisions', type: 'count-critical', queue: 'money' },
    ...{ code: 'JOB_TIMED_OUT', reason: 'Too slow.', attempts: 1, payload: pack({}), retry: 'RECORD', state: 'OPEN' },
    ...{ firstFailedAt: at, lastFailedAt: at, expiresAt: new Date('2040-01-01') },
  }
}

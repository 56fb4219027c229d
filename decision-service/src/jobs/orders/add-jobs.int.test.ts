import { silent } from '@redress/shared/testing/stores.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { ADA, openJobBed } from '../../../test/job-bed.ts'
import { createAddJobs } from './add-jobs.ts'
import type { Order } from './order.ts'

const bed = await openJobBed(56)
const { addJob, addJobs, collections, queues, redis, records } = bed
beforeEach(async () => {
  await redis.flushDb()
  await collections.jobRecords.deleteMany({})
  await collections.idempotencyKeys.deleteMany({})
})

const count = (key: string, change: Partial<Order> = {}): Order => ({
  type: 'count-critical',
  data: { key },
  ...change,
})
const queued = (name: 'money' | 'background' = 'money') =>
  queues[name].use((queue) => queue.getJobCountByTypes('wait', 'prioritized', 'delayed'))
const nothing = async () => {
  const stored = await Promise.all([
    collections.jobRecords.countDocuments(),
    collections.idempotencyKeys.countDocuments(),
  ])
  return [...stored, await queued(), await queued('background')]
}

describe('an order', () => {
  it('of a critical type is stored before it is queued, with the defaults of its type', async () => {
    const { job, isNew } = await addJob(count('a'), ADA)

    expect([isNew, await queued()]).toEqual([true, 1])
    expect(job).toMatchObject({
      id: expect.stringMatching(/^job_money_/),
      state: 'WAITING',
      priority: 5,
      maxAttempts: 3,
    })
    expect(await records.find(job.id)).toMatchObject({ data: { key: 'a' }, actor: 'ada', requestId: 'req-1' })
    expect(await redis.hGet(`bull:money:${job.id}`, 'data')).toBe('{}')
  })

  it('is queued with its priority and delay', async () => {
    const before = Date.now()
    const { job } = await addJob(count('a', { priority: 10, delayMs: 60_000, attempts: 7 }), ADA)

    const stored = await queues.money.use((queue) => queue.getJob(job.id))
    expect([stored?.opts.priority, await stored?.getState()]).toEqual([1, 'delayed'])
    expect(job).toMatchObject({ state: 'DELAYED', priority: 10, maxAttempts: 7 })
    expect(job.scheduledFor!.getTime()).toBeGreaterThanOrEqual(before + 60_000)
  })

  it.for<[string, Partial<Order>, string, string]>([
    ['an unknown type', { type: 'count' }, 'JOB_TYPE_NOT_FOUND', ''],
    ['a type of Object', { type: 'constructor' }, 'JOB_TYPE_NOT_FOUND', ''],
    ['a type that only Redress adds', { type: 'count-inside' }, 'JOB_TYPE_NOT_ADDABLE', ''],
    ['an unknown queue', { queue: 'slow' }, 'QUEUE_NOT_FOUND', ''],
    ['another queue', { queue: 'background' }, 'BAD_USER_INPUT', 'input.queue'],
    ['data of another shape', { data: { key: 7 } }, 'BAD_USER_INPUT', 'input.data.key'],
    ['a field too many', { data: { key: 'a', more: 1 } }, 'BAD_USER_INPUT', 'input.data.more'],
    ['data that is too large', { data: { key: 'a'.repeat(70_000) } }, 'BAD_USER_INPUT', 'input.data'],
    ['priority 0', { priority: 0 }, 'BAD_USER_INPUT', 'input.priority'],
    ['priority 11', { priority: 11 }, 'BAD_USER_INPUT', 'input.priority'],
    ['priority 1.5', { priority: 1.5 }, 'BAD_USER_INPUT', 'input.priority'],
    ['a negative delay', { delayMs: -1 }, 'BAD_USER_INPUT', 'input.delayMs'],
    ['a delay of a year', { delayMs: 31_536_000_000 }, 'BAD_USER_INPUT', 'input.delayMs'],
    ['no attempt', { attempts: 0 }, 'BAD_USER_INPUT', 'input.attempts'],
    ['11 attempts', { attempts: 11 }, 'BAD_USER_INPUT', 'input.attempts'],
    ['an empty key', { idempotencyKey: '' }, 'BAD_USER_INPUT', 'input.idempotencyKey'],
  ])('with %s is refused, and nothing is queued', async ([, change, code, path]) => {
    const refused = await addJob(count('a', change), ADA).catch((error: unknown) => error)

    expect(refused).toMatchObject({ code })
    expect((refused as { facts: { argumentPath?: string[] } }).facts.argumentPath?.join('.') ?? '').toBe(path)
    expect(await nothing()).toEqual([0, 0, 0, 0])
  })

  it.for(['count-critical', 'count-ephemeral'])(
    'of the type %s is announced before a worker can take it',
    async (type) => {
      const queuedAtChange: Promise<number>[] = []
      const onChange = () =>
        void queuedAtChange.push(Promise.all([queued(), queued('background')]).then(([a, b]) => a + b))
      const orders = createAddJobs({ ...bed, onChange, logger: silent, now: () => new Date() })

      await orders.addJob(count('a', { type }), ADA)

      expect(await Promise.all(queuedAtChange)).toEqual([0])
    },
  )

  it('is stored although its queue is away, and not queued', async () => {
    const away = { ...queues, money: { ...queues.money, add: () => Promise.reject(new Error('away')) } }
    const orders = createAddJobs({ ...bed, queues: away, onChange: () => {}, logger: silent, now: () => new Date() })

    const { job } = await orders.addJob(count('a'), ADA)

    expect([await bed.statusOf(job.id), await queued()]).toEqual(['PENDING', 0])
  })
})

describe('an idempotency key', () => {
  it.for(['count-critical', 'count-important'])(
    'of a caller makes equal orders one job of the type %s',
    async (type) => {
      const order = count('a', { type, idempotencyKey: 'k1' })

      const [first, ...more] = await Promise.all([addJob(order, ADA), addJob(order, ADA), addJob(order, ADA)])
      const later = await addJob(order, ADA)

      const all = [first, ...more, later]
      expect(new Set(all.map(({ job }) => job.id)).size).toBe(1)
      expect(all.filter(({ isNew }) => isNew)).toHaveLength(1)
    },
  )

  it('says nothing about the jobs of another caller', async () => {
    const order = count('a', { idempotencyKey: 'k1' })
    const bob = { ...ADA, cause: { actor: 'bob', requestId: null } }

    const [ada, other] = [await addJob(order, ADA), await addJob(order, bob)]

    expect([ada.isNew, other.isNew, ada.job.id === other.job.id]).toEqual([true, true, false])
  })

  it('is not that of another caller where the name of one ends as the key of the other begins', async () => {
    const as = (actor: string) => ({ ...ADA, cause: { actor, requestId: null } })

    const [one, other] = [
      await addJob(count('a', { idempotencyKey: 'c' }), as('a b')),
      await addJob(count('a', { idempotencyKey: 'b c' }), as('a')),
    ]

    expect(one.job.id).not.toBe(other.job.id)
  })

  it.for(['count-critical', 'count-ephemeral'])(
    'is one job for equal data of a query, for the type %s',
    async (type) => {
      const order = count('a', { type, idempotencyKey: 'k1' })
      // As GraphQL gives an object that stands in the query: without a prototype.
      const inQuery = { ...order, data: Object.assign(Object.create(null), order.data) }

      const [first, second] = [await addJob(order, ADA), await addJob(inQuery, ADA)]

      expect([first.isNew, second.isNew, second.job.id]).toEqual([true, false, first.job.id])
    },
  )

  it.for(['count-critical', 'count-ephemeral'])('is refused with other data for the type %s', async (type) => {
    await addJob(count('a', { type, idempotencyKey: 'k1' }), ADA)

    await expect(addJob(count('b', { type, idempotencyKey: 'k1' }), ADA)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    })
    expect((await queued()) + (await queued('background'))).toBe(1)
  })

  it('is refused with other data after Redis has forgotten it, and nothing is queued', async () => {
    const order = count('a', { type: 'count-ephemeral', idempotencyKey: 'k1' })
    await addJob(order, ADA)
    await redis.flushDb()

    const { errors } = await addJobs([{ ...order, data: { key: 'b' } }], ADA)

    expect(errors).toMatchObject([{ index: 0, error: { code: 'IDEMPOTENCY_CONFLICT' } }])
    expect(await queued('background')).toBe(0)
  })

  it('of the type makes equal orders one job, whoever asks', async () => {
    const order = count('a', { type: 'count-keyed' })
    const bob = { ...ADA, cause: { actor: 'bob', requestId: null } }

    const [first, again] = [await addJob(order, ADA), await addJob(order, bob)]

    expect([again.isNew, again.job.id === first.job.id, again.job.actor]).toEqual([false, true, 'ada'])
  })

  it('holds after Redis has forgotten it, and queues the job again that was lost with it', async () => {
    const order = count('a', { type: 'count-ephemeral' })
    await addJob(order, ADA)
    await redis.flushDb()

    expect(await addJob(order, ADA)).toMatchObject({ isNew: false })
    expect(await addJob(order, ADA)).toMatchObject({ isNew: false })
    expect(await queued('background')).toBe(1)
  })

  it('whose process died before the job was queued does not keep the next order from queueing it', async () => {
    const order = count('a', { type: 'count-ephemeral' })
    const dies = {
      ...bed,
      queues: { ...queues, background: { ...queues.background, add: () => new Promise<never>(() => {}) } },
    }
    const { addJob: dying } = createAddJobs({ ...dies, onChange: () => {}, logger: silent, now: () => new Date() })
    void dying(order, ADA)
    await expect.poll(() => collections.idempotencyKeys.countDocuments()).toBe(1)

    expect(await addJob(order, ADA)).toMatchObject({ isNew: false })
    expect(await queued('background')).toBe(1)
  })

  it('of a job that has ended queues nothing', async () => {
    const order = count('a', { type: 'count-ephemeral' })
    const { job } = await addJob(order, ADA)
    const worker = await bed.work(async () => ({ done: true }))
    await expect.poll(async () => (await bed.claims.find(job.id))?.status).toBe('COMPLETED')
    await worker.close()
    const times = { startedAt: expect.any(Date), endedAt: expect.any(Date) }
    const { actor, priority, maxAttempts, scheduledFor, createdAt } = job
    const bob = { ...ADA, cause: { actor: 'bob', requestId: null } }
    const again = { ...order, priority: 9, attempts: 7, delayMs: 60_000 }
    const first = {
      isNew: false,
      job: {
        state: 'COMPLETED',
        result: { done: true },
        actor,
        priority,
        maxAttempts,
        scheduledFor,
        createdAt,
        ...times,
      },
    }

    expect(await addJob(again, bob)).toMatchObject(first)
    await redis.flushDb()
    expect(await addJob(again, bob)).toMatchObject(first)
    expect(await queued('background')).toBe(0)
  })
})

describe('a batch', () => {
  const [good, bad, worse] = [count('a'), count('b', { priority: 11 }), count('c', { type: 'other' })]

  it('adds all jobs of several queues', async () => {
    const orders = [count('a'), count('b', { type: 'count-ephemeral' }), count('c')]

    const { jobs, errors } = await addJobs(orders, ADA)

    expect([jobs.map(({ index, job }) => [index, job.queue]), errors]).toEqual([
      [
        [0, 'money'],
        [1, 'background'],
        [2, 'money'],
      ],
      [],
    ])
    expect([await queued(), await queued('background')]).toEqual([2, 1])
  })

  it('adds what it can, and says where and why the rest is refused', async () => {
    const { jobs, errors } = await addJobs([bad, good, worse], ADA)

    expect(jobs.map(({ index }) => index)).toEqual([1])
    expect(errors).toMatchObject([
      { index: 0, error: { code: 'BAD_USER_INPUT', facts: { argumentPath: ['inputs', '0', 'priority'] } } },
      { index: 2, error: { code: 'JOB_TYPE_NOT_FOUND' } },
    ])
    expect(await queued()).toBe(1)
  })

  it.for([
    [{ validateAll: true }, [1, 2]],
    [{ stopOnError: true }, [1]],
  ] as const)('with %o adds nothing where one is refused', async ([options, places]) => {
    const { jobs, errors } = await addJobs([good, bad, worse], { ...ADA, ...options })

    expect([jobs, errors.map(({ index }) => index)]).toEqual([[], places])
    expect(await nothing()).toEqual([0, 0, 0, 0])
  })

  it.for(['count-critical', 'count-important'])(
    'stores nothing, which another order might be answered with, where the key of one (%s) has other data',
    async (type) => {
      await addJob(count('a', { type, idempotencyKey: 'k1' }), ADA)
      const stored = { records: 0, claims: 0 }
      const records = { ...bed.records, add: () => Promise.reject(new Error(`${++stored.records}`)) }
      const claims = { ...bed.claims, claim: () => Promise.reject(new Error(`${++stored.claims}`)) }
      const all = createAddJobs({ ...bed, records, claims, logger: silent, now: () => new Date() })

      const orders = [count('n', { idempotencyKey: 'k2' }), count('b', { type, idempotencyKey: 'k1' })]
      const { jobs, errors } = await all.addJobs(orders, { ...ADA, validateAll: true })

      expect([jobs, errors]).toMatchObject([[], [{ index: 1, error: { code: 'IDEMPOTENCY_CONFLICT' } }]])
      expect(stored).toEqual({ records: 0, claims: 0 })
    },
  )

  it('takes back what it has stored where a key conflicts only then, and one refusal stops it', async () => {
    await addJob(count('a', { idempotencyKey: 'k1' }), ADA)
    const keyed = count('x', { type: 'count-ephemeral' })
    const late = { ...bed, records: { ...bed.records, findMany: async () => new Map() } }
    const { addJobs } = createAddJobs({ ...late, logger: silent, now: () => new Date() })

    const orders = [count('n'), keyed, count('b', { idempotencyKey: 'k1' })]
    const { jobs, errors } = await addJobs(orders, { ...ADA, stopOnError: true })

    expect([jobs, errors]).toMatchObject([[], [{ index: 2, error: { code: 'IDEMPOTENCY_CONFLICT' } }]])
    expect(await nothing()).toEqual([1, 0, 1, 0])
  })

  it('of equal keys is one job', async () => {
    const order = count('a', { idempotencyKey: 'k1' })

    const { jobs } = await addJobs([order, order], ADA)

    expect(new Set(jobs.map(({ job }) => job.id)).size).toBe(1)
    expect(await queued()).toBe(1)
  })

  it.for([0, 101])('of %i jobs is refused', async (jobs) => {
    await expect(addJobs(Array(jobs).fill(good), ADA)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    expect(await nothing()).toEqual([0, 0, 0, 0])
  })
})

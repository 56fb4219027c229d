import { setTimeout as pause } from 'node:timers/promises'
import { BadUserInputError, StoreUnavailableError } from '@redress/shared/errors.ts'
import { connectTestRedis, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { createNodeRedisClient, Queue } from 'bullmq'
import { MongoNetworkError } from 'mongodb'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createQueueViews } from '../monitoring/queue-views.ts'
import type { JobHandler } from './job-handler.ts'
import { openQueue } from './open-queue.ts'
import { JOBS, type JobData } from './registry.ts'
import { startWorker, type WorkerOptions } from './start-worker.ts'

const REDIS = 29
const redis = await openTestRedis(REDIS)
const DECIDE = JOBS['decide-issue']
const registry = { ...JOBS, 'decide-issue': { ...DECIDE, retry: { ...DECIDE.retry, attempts: 2, delayMs: 1 } } }
const jobs = openQueue('decisions', { redis, registry, logger: silent })
/** The queue as another program sees it, which may put anything there. */
const raw = new Queue('decisions', { connection: createNodeRedisClient(redis as never) })
afterAll(() => Promise.all([jobs.close(), raw.close()]))
beforeEach(() => redis.flushDb())

const NONE = { waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0 }
const views = createQueueViews({ decisions: jobs })
const countsNow = async () => (await views.find('decisions'))?.counts
/** The result of `read` after held jobs were made due at once. */
const promoted = async <T>(read: () => Promise<T>): Promise<T> => {
  await raw.promoteJobs()
  return read()
}
const job = (jobId: string) => ({ id: jobId, type: 'decide-issue', data: { jobId }, priority: 5 })

type Handler = JobHandler<JobData<'decide-issue'>>

/** Notes what the handler is asked to do. */
const startWith = async (
  run: Handler['run'],
  {
    whenGivenUp = async () => undefined,
    noteHeld = async () => Promise.reject(new StoreUnavailableError()),
    ...options
  }: Partial<WorkerOptions> & Readonly<{ whenGivenUp?: () => Promise<void>; noteHeld?: Handler['noteHeld'] }> = {},
) => {
  const own = await connectTestRedis(REDIS)
  const givenUp: string[] = []
  const giveUp: Handler['giveUp'] = async (_, { failure: { code, message } }, { jobId }) => {
    givenUp.push(`${jobId}: ${code}: ${message}`)
    await whenGivenUp()
  }
  const handlers = { 'decide-issue': { run, giveUp, noteHeld } as JobHandler<unknown> }
  const worker = startWorker('decisions', { handlers, redis: own, logger: silent, ...options })
  onTestFinished(async () => {
    await worker.close()
    own.destroy()
  })
  return { worker, givenUp }
}

describe('a job', () => {
  it('that was cancelled, or had ended before, is no completed one', async () => {
    const counted: string[] = []
    const metricsOf = () => ({
      attempted: () => counted.push('attempted'),
      completed: () => counted.push('completed'),
      failed: () => counted.push('failed'),
    })
    await startWith(async (_, { jobId }) => (jobId === 'decide-1' ? 'over' : 'done'), { metricsOf })

    await jobs.add([job('decide-1'), job('decide-2')])

    await expect.poll(countsNow).toEqual({ ...NONE, completed: 2 })
    expect(counted.sort()).toEqual(['attempted', 'attempted', 'completed'])
  })

  it.for<[string, object]>([
    ['(was missing)', {}],
    ['(was a number)', { jobId: 5 }],
    ['trace must be a string (was a number)', { jobId: 'decide-1', trace: 7 }],
  ])('whose data does not fit its type is given up at once, and the reason says %s', async ([problem, data]) => {
    let runs = 0
    const { givenUp } = await startWith(async () => {
      runs++
      return 'done'
    })

    await raw.add('decide-issue', data, { jobId: 'decide-1', attempts: 5 })

    await expect.poll(countsNow).toEqual({ ...NONE, failed: 1 })
    const failed = await raw.getJob('decide-1')
    expect(failed?.failedReason).toContain('The data of this job does not fit the type decide-issue')
    expect(failed?.failedReason).toContain(problem)
    expect([runs, failed?.attemptsMade]).toEqual([0, 1])
    expect(givenUp).toEqual([`decide-1: ${failed?.failedReason}`])
  })

  it('of a type without a handler fails at once', async () => {
    await startWith(async () => 'done')

    await raw.add('decode', { jobId: 'decide-1' }, { jobId: 'decide-1', attempts: 5 })

    await expect.poll(countsNow).toEqual({ ...NONE, failed: 1 })
    expect((await raw.getJob('decide-1'))?.failedReason).toContain('There is no type of job decode.')
  })

  it('that an earlier release has written, under another name, is handled', async () => {
    const seen: unknown[] = []
    await startWith(async (data) => {
      seen.push(data)
      return 'done'
    })

    await raw.add('decide', { jobId: 'decide-1' }, { jobId: 'decide-1', priority: 6 })

    await expect.poll(() => seen).toEqual([{ jobId: 'decide-1' }])
  })

  it('of a type that already runs as often here as it may is held, and that is no attempt', async () => {
    let running = 0
    let most = 0
    const run = async () => {
      most = Math.max(most, ++running)
      await pause(5)
      running--
      return 'done' as const
    }
    await startWith(run, { registry: { ...JOBS, 'decide-issue': { ...DECIDE, concurrency: 1 } }, concurrency: 3 })

    await jobs.add([job('decide-1'), job('decide-2'), job('decide-3')])

    await expect.poll(() => promoted(countsNow)).toEqual({ ...NONE, completed: 3 })
    expect(most).toBe(1)
  })

  it('that is held comes back later, and that is no attempt', async () => {
    let runs = 0
    const { givenUp } = await startWith(async () =>
      ++runs < 5 ? { kind: 'later', afterMs: 1, reason: 'busy' } : 'done',
    )

    await jobs.add([job('decide-1')])

    await expect.poll(countsNow).toEqual({ ...NONE, completed: 1 })
    expect([runs, givenUp]).toEqual([5, []])
  })

  it('that goes back into the queue is taken again, and that is no attempt', async () => {
    let runs = 0
    await startWith(async () => (++runs < 5 ? 'again' : 'done'))

    await jobs.add([job('decide-1')])

    await expect.poll(countsNow).toEqual({ ...NONE, completed: 1 })
    expect(runs).toBe(5)
  })

  it('is given up with a code and a neutral sentence, never the message of a driver', async () => {
    const { givenUp } = await startWith(async () => {
      throw new Error('E11000 at db1.internal:27017')
    })

    await jobs.add([job('decide-1')])

    await expect.poll(countsNow).toEqual({ ...NONE, failed: 1 })
    const failure = 'INTERNAL_SERVER_ERROR: Something went wrong on our side. The log of the worker has the details.'
    expect(givenUp).toEqual([`decide-1: ${failure}`])
    expect((await raw.getJob('decide-1'))?.failedReason).toBe(failure)
  })

  it('is held while a store is away, and that is no attempt', async () => {
    let runs = 0
    const { givenUp } = await startWith(async () => {
      if (++runs <= 4) throw new MongoNetworkError('connection 7 to 127.0.0.1:27017 timed out')
      return 'done'
    })

    await jobs.add([job('decide-1')])

    await expect.poll(() => promoted(countsNow)).toEqual({ ...NONE, completed: 1 })
    expect([runs, givenUp]).toEqual([5, []])
  })

  it('is tried alone when it fails like in an outage while its store takes writes, and only until it succeeds', async () => {
    const alone: boolean[] = []
    await startWith(
      async (_, attempt) => {
        alone.push(attempt.alone)
        if (alone.length < 3) throw new StoreUnavailableError()
        return alone.length === 3 ? 'again' : 'done'
      },
      { noteHeld: async () => undefined },
    )

    await jobs.add([job('decide-1')])

    await expect.poll(() => promoted(countsNow)).toEqual({ ...NONE, completed: 1 })
    expect(alone).toEqual([false, true, true, false])
  })

  it('that has failed alone for minutes while its store takes writes fails with its last attempt', async () => {
    let runs = 0
    const { givenUp } = await startWith(
      async () => {
        runs++
        throw new MongoNetworkError('connection 7 to 127.0.0.1:27017 timed out')
      },
      { noteHeld: async () => undefined },
    )

    const twoMinutesAgo = Date.now() - 120_000
    const options = { jobId: 'decide-1', attempts: 2 }
    await raw.add('decide-issue', { jobId: 'decide-1', aloneSince: twoMinutesAgo }, options)

    await expect.poll(() => promoted(countsNow)).toEqual({ ...NONE, failed: 1 })
    const failure =
      'STORE_UNAVAILABLE: The database did not store this, although it stored other changes at the same time.'
    expect([runs, givenUp]).toEqual([2, [`decide-1: ${failure}`]])
  })

  it('that failed alone is held again, and not to be blamed, once the store is away', async () => {
    const alone: boolean[] = []
    const { givenUp } = await startWith(async (_, attempt) => {
      alone.push(attempt.alone)
      if (alone.length <= 3) throw new StoreUnavailableError()
      return 'done'
    })

    const longAgo = Date.now() - 3_600_000
    await raw.add('decide-issue', { jobId: 'decide-1', aloneSince: longAgo }, { jobId: 'decide-1', attempts: 2 })

    await expect.poll(() => promoted(countsNow)).toEqual({ ...NONE, completed: 1 })
    expect([alone, givenUp]).toEqual([[true, false, false, false], []])
  })

  it('is held as well when the store is away while it is given up', async () => {
    let refusals = 0
    const { givenUp } = await startWith(
      async () => {
        throw new BadUserInputError(['x'], 'is wrong')
      },
      {
        async whenGivenUp() {
          if (++refusals === 1) throw new StoreUnavailableError()
        },
      },
    )

    await jobs.add([job('decide-1')])

    await expect.poll(() => promoted(countsNow)).toEqual({ ...NONE, failed: 1 })
    expect(givenUp).toHaveLength(2)
  })

  it('that ended the third process it ran in is given up, and runs no more', async () => {
    let runs = 0
    await jobs.add([job('decide-1')])
    await redis.hSet('bull:decisions:decide-1', 'stc', 1)
    await redis.zAdd(
      'crashes:decisions:decide-1',
      [1, 2, 3].map((score) => ({ score, value: `run-${score}` })),
    )

    const { givenUp } = await startWith(async () => {
      runs++
      return 'done'
    })

    await expect.poll(countsNow).toEqual({ ...NONE, failed: 1 })
    const failure = 'JOB_CRASHED: Each process that worked on this ended before it was done.'
    expect([runs, givenUp]).toEqual([0, [`decide-1: ${failure}`]])
  })

  it('whose attempt hangs is taken again', async () => {
    let runs = 0
    const run: Handler['run'] = async () => (++runs === 1 ? new Promise<never>(() => {}) : 'done')
    const { givenUp } = await startWith(run, { registry: { ...JOBS, 'decide-issue': { ...DECIDE, timeoutMs: 20 } } })

    await jobs.add([job('decide-1')])

    await expect.poll(countsNow).toEqual({ ...NONE, completed: 1 })
    expect([runs, givenUp]).toEqual([2, []])
  })

  it('learns that its worker stops', async () => {
    const begun = Promise.withResolvers<void>()
    const { worker } = await startWith(async (_, { stop: { signal } }) => {
      begun.resolve()
      // BullMQ may give the job to its closing worker once more.
      while (!signal.aborted) await pause(1)
      return 'again'
    })
    await jobs.add([job('decide-1')])
    await begun.promise

    await worker.close()

    expect(await countsNow()).toEqual({ ...NONE, waiting: 1 })
  })
})

describe('a worker', () => {
  it('that can take no jobs says so, so that its process ends', async () => {
    const broken = Promise.withResolvers<unknown>()

    await startWith(async () => 'done', { concurrency: 0, onBroken: broken.resolve })

    expect(await broken.promise).toBeInstanceOf(Error)
  })
})

describe('a queue', () => {
  it('stores jobs as earlier releases did', async () => {
    await jobs.add([{ ...job('decide-iss_1-1'), data: { jobId: 'decide-iss_1-1', trace: 't' }, priority: 10 }])

    const stored = await redis.hGetAll('bull:decisions:decide-iss_1-1')

    expect(stored).toMatchObject({
      name: 'decide-issue',
      data: '{"jobId":"decide-iss_1-1","trace":"t"}',
      priority: '1',
    })
    expect(JSON.parse(stored.opts!)).toEqual({
      attempts: 2,
      backoff: { type: 'exponential', delay: 1, jitter: 0.5 },
      jobId: 'decide-iss_1-1',
      priority: 1,
      removeOnComplete: { count: 1_000 },
      removeOnFail: { count: 1_000 },
    })
  })
})

describe('the registry', () => {
  it('keeps the names, tiers, attempts and waits of the types', () => {
    const figures = Object.entries(JOBS).map(([type, { queue, tier, retry }]) => {
      return [type, queue, tier, retry.attempts, retry.strategy, retry.delayMs]
    })

    expect(figures).toEqual([
      ['decide-issue', 'decisions', 'CRITICAL', 5, 'exponential', 2_000],
      ['backtest-policy', 'background', 'CRITICAL', 3, 'exponential', 2_000],
      ['generate-report', 'background', 'CRITICAL', 2, 'fixed', 10_000],
      ['export-customer', 'background', 'CRITICAL', 2, 'fixed', 10_000],
      ['archive-issues', 'background', 'CRITICAL', 2, 'fixed', 10_000],
      ['purge-audit', 'background', 'CRITICAL', 2, 'fixed', 10_000],
      ['analytics-track', 'background', 'EPHEMERAL', 2, 'fixed', 10_000],
      ['cleanup-old-data', 'background', 'EPHEMERAL', 2, 'fixed', 10_000],
    ])
  })
})

import { randomUUID } from 'node:crypto'
import { AppError, StoreUnavailableError } from '@redress/shared/errors.ts'
import { connectTestRedis, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { createNodeRedisClient, Queue } from 'bullmq'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { JobHandler } from '../frame/job-handler.ts'
import { openQueue } from '../frame/open-queue.ts'
import { JOBS } from '../frame/registry.ts'
import { startWorker } from '../frame/start-worker.ts'
import { createQueueViews } from '../monitoring/queue-views.ts'
import { ProviderRateLimitedError, ProviderUnavailableError, RateLimitTimeoutError } from './errors.ts'
import { createProviderGate } from './provider-gate.ts'
import { beginCounting, createProviderLimits, type LimitsOptions } from './provider-limits.ts'
import { PROVIDERS } from './providers.ts'

const REDIS = 61
const redis = await openTestRedis(REDIS)
const registry = { ...JOBS, 'decide-issue': { ...JOBS['decide-issue'], provider: 'stripe:refunds' as const } }
const jobs = openQueue('decisions', { redis, registry, logger: silent })
const raw = new Queue('decisions', { connection: createNodeRedisClient(redis as never) })
const views = createQueueViews({ decisions: jobs })
afterAll(() => Promise.all([jobs.close(), raw.close()]))
let prefix: string
beforeEach(async () => {
  await redis.flushDb()
  prefix = `limits-${randomUUID()}`
  await beginCounting(redis, prefix)
})

const NONE = { waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0 }
const STRIPE = { perSecond: 1_000, concurrent: 1, burst: 1_000, cooldownMs: 60_000 }
const countsNow = async () => (await views.find('decisions'))?.counts
const addJobs = (count: number) =>
  jobs.add(
    Array.from({ length: count }, (_, n) => ({
      id: `j${n}`,
      type: 'decide-issue',
      data: { jobId: `j${n}` },
      priority: 5,
    })),
  )
/** The counts after all that is held was made due at once. */
const countsAfterHold = async () => {
  await raw.promoteJobs()
  return countsNow()
}
const attemptsOf = async (id: string) => (await raw.getJob(id))?.attemptsMade

const startWith = async (run: JobHandler<unknown>['run'], options: Partial<LimitsOptions> = {}) => {
  const own = await connectTestRedis(REDIS)
  const figures = { ...PROVIDERS, stripe: STRIPE }
  const breaker = { failuresMax: 2, openMs: 60_000 }
  const limits = createProviderLimits({ redis: own, prefix, figures, breaker, logger: silent, ...options })
  const handler = {
    run,
    giveUp: async () => undefined,
    noteHeld: async () => Promise.reject(new StoreUnavailableError()),
  }
  const gate = createProviderGate(limits)
  const worker = startWorker('decisions', {
    handlers: { 'decide-issue': handler },
    registry,
    redis: own,
    gate,
    concurrency: 10,
    logger: silent,
  })
  onTestFinished(async () => {
    await worker.close()
    own.destroy()
  })
  return limits
}

describe('jobs that call a provider', () => {
  it('are held without using attempts while its calls are stopped, and run once they are resumed', async () => {
    let isStopped = true
    let runs = 0
    const run = async () => {
      runs++
      return 'done' as const
    }
    await startWith(run, { stateOf: () => (isStopped ? 'stopped' : 'allowed') })

    await addJobs(20)

    await expect.poll(countsNow).toEqual({ ...NONE, delayed: 20 })
    expect([runs, await attemptsOf('j0'), await attemptsOf('j19')]).toEqual([0, 0, 0])
    isStopped = false
    await expect.poll(countsAfterHold).toEqual({ ...NONE, completed: 20 })
    expect(runs).toBe(20)
  })

  it('never run more at once than the provider takes, however many a worker has taken', async () => {
    let running = 0
    let most = 0
    await startWith(async () => {
      most = Math.max(most, ++running)
      await new Promise(setImmediate)
      running--
      return 'done'
    })

    await addJobs(20)

    await expect.poll(countsAfterHold).toEqual({ ...NONE, completed: 20 })
    expect(most).toBe(1)
  })

  it('are held together once a few have failed because it is down, and run once it is back', async () => {
    let isDown = true
    let failures = 0
    await startWith(async () => {
      if (!isDown) return 'done'
      failures++
      throw new ProviderUnavailableError('stripe')
    })

    await addJobs(20)

    await expect.poll(() => redis.hExists(`${prefix}:stripe:state`, 'open_until')).toBe(1)
    await expect.poll(countsNow).toEqual({ ...NONE, delayed: 20 })
    expect(failures).toBe(2)
    isDown = false
    await redis.hSet(`${prefix}:stripe:state`, 'open_until', '1')
    await expect.poll(countsAfterHold).toEqual({ ...NONE, completed: 20 })
  })

  it('are held, and leave the provider alone, where it refused a call as one too many', async () => {
    let runs = 0
    await startWith(async () => {
      runs++
      throw new ProviderRateLimitedError('stripe')
    })

    await addJobs(5)

    await expect.poll(countsNow).toEqual({ ...NONE, delayed: 5 })
    expect([runs, await attemptsOf('j0')]).toEqual([1, 0])
  })
})

describe('an attempt', () => {
  class RefusedError extends AppError {
    readonly code = 'CONFLICT'
    readonly kind = 'refused'
  }
  const released: unknown[] = []
  const gate = createProviderGate({
    acquire: async () => ({ release: async (outcome) => void released.push(outcome) }),
  })
  const fail = (error: unknown) => gate('stripe', () => Promise.reject(error)).catch(() => 'failed')

  it('says about its provider what its outcome shows', async () => {
    const outcomes = [
      await gate('stripe', async () => 'done'),
      await gate('stripe', async () => 'again'),
      await fail(new ProviderUnavailableError('stripe')),
      await fail(new ProviderRateLimitedError('stripe', { retryAfterMs: 7_000 })),
      await fail(new RateLimitTimeoutError('stripe')),
      await fail(new RefusedError()),
      await fail(new StoreUnavailableError()),
      await fail(new Error('a bug')),
    ]

    expect(released).toEqual([
      'ok',
      undefined,
      'failed',
      { rateLimitedMs: 7_000 },
      undefined,
      'ok',
      undefined,
      undefined,
    ])
    expect(outcomes[3]).toEqual({ kind: 'later', afterMs: 7_000, reason: 'PROVIDER_RATE_LIMITED' })
    expect(outcomes[4]).toEqual({ kind: 'later', afterMs: 1_000, reason: 'PROVIDER_RATE_LIMITED' })
    expect(outcomes.filter((outcome) => outcome === 'failed')).toHaveLength(4)
  })
})

it('a worker without limits does not start for a type that calls a provider', () => {
  const handlers = { 'decide-issue': {} as JobHandler<unknown> }

  expect(() => startWorker('decisions', { handlers, registry, redis, logger: silent })).toThrow('stripe:refunds')
})

import { createOutbox } from '@redress/shared/events/outbox.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { createMetrics } from '@redress/shared/telemetry/metrics.ts'
import { NO_TELEMETRY } from '@redress/shared/telemetry/telemetry.ts'
import { openTestDatabase, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { expect, it, onTestFinished } from 'vitest'
import { COLLECTIONS } from '../collections.ts'
import { readWorkerConfig } from '../config.ts'
import type { Attempt } from './frame/job-handler.ts'
import { openQueue } from './frame/open-queue.ts'
import type { Queues } from './frame/open-queues.ts'
import { openWorkers } from './open-jobs.ts'

const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(44)

it('an attempt at a decision that hangs is stopped after STUCK_AFTER_MS, and the decision is taken again', async () => {
  const MONGODB_URI = 'mongodb://127.0.0.1:1'
  const config = readWorkerConfig({
    MONGODB_URI,
    REDIS_URL: 'redis://127.0.0.1:1',
    STUCK_AFTER_MS: '1000',
    WORKER_QUEUES: 'decisions',
  })
  const resources = new AsyncDisposableStack()
  onTestFinished(() => resources.disposeAsync())
  const stopped: boolean[] = []
  const run = async (_: unknown, { stop: { signal } }: Attempt) => {
    const isFirst = stopped.push(false) === 1
    signal.addEventListener('abort', () => isFirst && stopped.fill(true, 0, 1))
    return isFirst ? new Promise<never>(() => {}) : ('done' as const)
  }
  const nothing = async () => undefined
  const processor = async () => null
  const handler = { run, giveUp: nothing, noteHeld: nothing }
  const own = { metrics: createMetrics({ token: null }), telemetry: NO_TELEMETRY, logger: silent }
  const decisions = openQueue('decisions', { redis, logger: silent })
  onTestFinished(() => decisions.close())
  const limits = { acquire: async () => ({ release: nothing }) }
  const stores = {
    ...own,
    redis,
    limits,
    mongo,
    db,
    outbox: createOutbox(db, () => {}),
    collections: await openCollections(db, COLLECTIONS),
    resources,
    queues: { decisions } as Queues,
  }
  const handlers = { 'decide-issue': handler, 'backtest-policy': handler }

  openWorkers(
    stores,
    {
      handlers,
      processors: {
        'analytics-track': processor,
        'archive-issues': processor,
        'cleanup-old-data': processor,
        'generate-report': processor,
      },
    },
    { ...config.queues, ...config.works },
  )
  await decisions.use((queue) => queue.add('decide-issue', { jobId: 'decide-1' }, { jobId: 'decide-1', attempts: 2 }))

  await expect.poll(() => decisions.use((queue) => queue.getJobState('decide-1'))).toBe('completed')
  expect(stopped).toEqual([true, false])
})

import { createMetrics } from '@redress/shared/telemetry/metrics.ts'
import { NO_TELEMETRY } from '@redress/shared/telemetry/telemetry.ts'
import { openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { createNodeRedisClient, Queue } from 'bullmq'
import { expect, it, onTestFinished } from 'vitest'
import { readWorkerConfig } from '../config.ts'
import type { Attempt } from './frame/job-handler.ts'
import { openWorkers } from './open-jobs.ts'

const redis = await openTestRedis(44)

it('an attempt at a decision that hangs is stopped after STUCK_AFTER_MS, and the decision is taken again', async () => {
  const MONGODB_URI = 'mongodb://127.0.0.1:1'
  const config = readWorkerConfig({ MONGODB_URI, REDIS_URL: 'redis://127.0.0.1:1', STUCK_AFTER_MS: '1000' })
  const resources = new AsyncDisposableStack()
  onTestFinished(() => resources.disposeAsync())
  const stopped: boolean[] = []
  const run = async (_: unknown, { signal }: Attempt) => {
    const isFirst = stopped.push(false) === 1
    signal.addEventListener('abort', () => isFirst && stopped.fill(true, 0, 1))
    return isFirst ? new Promise<never>(() => {}) : ('done' as const)
  }
  const nothing = async () => undefined
  const handler = { run, giveUp: nothing, noteHeld: nothing }
  const stores = { queueRedis: redis, metrics: createMetrics({ token: null }), telemetry: NO_TELEMETRY, logger: silent }
  const queue = new Queue('decisions', { connection: createNodeRedisClient(redis as never) })
  onTestFinished(() => queue.close())

  openWorkers({ ...stores, resources }, { decisions: { decide: handler }, backtests: { backtest: handler } }, config)
  await queue.add('decide', { jobId: 'decide-1' }, { jobId: 'decide-1', attempts: 2 })

  await expect.poll(() => queue.getJobState('decide-1')).toBe('completed')
  expect(stopped).toEqual([true, false])
})

import { isFinal } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { NO_TELEMETRY, type Telemetry } from '@redress/shared/telemetry/telemetry.ts'
import { createNodeRedisClient, type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq'
import type { JobMetrics } from '../../../jobs/worker-metrics.ts'
import type { RunBacktest } from './run-backtest.ts'

/** A worker that died is noticed after this; its backtest begins anew with another. */
const LOCK_MS = 10_000
const STALLED_CHECK_MS = 5_000
/** How often a backtest may lose its process is counted on record, not here. */
const STALLED_MAX = 1_000
/** One after the other: whoever decides issues beside it shares the processor. */
const CONCURRENCY = 1

/** What jobs of this queue are called in metrics. */
export const BACKTEST_JOB_TYPE = 'backtest'

type Options = Readonly<{
  queue: string
  redis: Redis
  runBacktest: RunBacktest
  metrics?: JobMetrics
  telemetry?: Telemetry
  logger: Logger
}>
type QueueJob = Job<{ backtestId: string; trace?: string }>

/**
 * Where the queue meets the use case. The last failed attempt ends the backtest on record before it ends in the queue.
 * Who stops the worker does not wait for a backtest: it goes back into the queue, and no attempt is counted.
 */
export function startBacktestWorker(options: Options): { close(): Promise<void> } {
  const { queue, redis, runBacktest, metrics, telemetry = NO_TELEMETRY, logger } = options
  let closing = false

  const run = async (job: QueueJob, token: string | undefined) => {
    const { backtestId } = job.data
    let how: Awaited<ReturnType<RunBacktest['run']>>
    try {
      how = await runBacktest.run(backtestId, () => !closing)
    } catch (error) {
      const attemptsLeft = (job.opts.attempts ?? 1) - (job.attemptsMade + 1)
      if (attemptsLeft > 0 && !isFinal(error)) throw error
      await runBacktest.giveUp(backtestId, error instanceof Error ? error.message : String(error))
      metrics?.ended('failure')
      throw new UnrecoverableError(String(error))
    }
    if (how === 'ended') return metrics?.ended('success')
    await job.moveToWait(token)
    throw new WaitingError()
  }
  const work = (job: QueueJob, token: string | undefined) => {
    const beganAt = performance.now()
    const { backtestId: jobId, trace: parent } = job.data
    const attributes = { queue, jobId, attempt: job.attemptsMade + 1 }
    return telemetry
      .withSpan({ name: BACKTEST_JOB_TYPE, kind: 'consumer', attributes, parent }, () => run(job, token))
      .finally(() => metrics?.attempted(performance.now() - beganAt))
  }

  const worker = new Worker<QueueJob['data']>(queue, work, {
    connection: createNodeRedisClient(redis as never),
    concurrency: CONCURRENCY,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: STALLED_MAX,
  })
  worker.on('failed', (job, err) => logger.warn({ jobId: job?.id, attempt: job?.attemptsMade, err }, 'attempt failed'))
  worker.on('stalled', (jobId) => logger.warn({ jobId }, 'backtest taken over from a worker that is gone'))
  worker.on('error', (err) => logger.warn({ err }, 'queue not reachable'))
  return {
    async close() {
      closing = true
      await worker.close()
    },
  }
}

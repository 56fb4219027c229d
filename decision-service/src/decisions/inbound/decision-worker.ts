import { isFinal } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { NO_TELEMETRY, type Telemetry } from '@redress/shared/telemetry/telemetry.ts'
import { createNodeRedisClient, DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq'
import { HoldDecisionError } from '../../engines/errors.ts'
import type { JobMetrics } from '../../jobs/worker-metrics.ts'
import type { DecideIssue } from '../use-cases/decide-issue.ts'

/** A worker that died is noticed after this; its jobs go to another. */
const LOCK_MS = 5_000
const STALLED_CHECK_MS = 2_500
/** Workers may die as often as they like: a job is given up by its attempts alone. */
const STALLED_MAX = 1_000

/** What jobs of this queue are called in metrics. */
export const JOB_TYPE = 'decide'

type Options = Readonly<{
  queue: string
  redis: Redis
  decideIssue: DecideIssue
  concurrency: number
  metrics?: JobMetrics
  telemetry?: Telemetry
  logger: Logger
}>
type QueueJob = Job<{ jobId: string; trace?: string }>

/**
 * Where the queue meets the use case. The last failed attempt ends the job on record before it ends in the queue. A job
 * that is to be decided later waits among the delayed ones; that is no attempt.
 */
export function startDecisionWorker(options: Options) {
  const { queue, redis, decideIssue, concurrency, metrics, telemetry = NO_TELEMETRY, logger } = options

  /** What holds the job; null when it has ended. */
  const decide = async (job: QueueJob, trace: string | null): Promise<HoldDecisionError | null> => {
    const { jobId } = job.data
    try {
      await decideIssue.decide(jobId, trace)
    } catch (error) {
      if (error instanceof HoldDecisionError) return error
      const attemptsLeft = (job.opts.attempts ?? 1) - (job.attemptsMade + 1)
      if (attemptsLeft > 0 && !isFinal(error)) throw error
      await decideIssue.giveUp(jobId, error instanceof Error ? error.message : String(error), trace)
      metrics?.ended('failure')
      throw new UnrecoverableError(String(error))
    }
    metrics?.ended('success')
    return null
  }
  const work = async (job: QueueJob, token?: string) => {
    const beganAt = performance.now()
    const { jobId, trace: parent } = job.data
    const attributes = { queue, jobId, attempt: job.attemptsMade + 1 }
    const held = await telemetry
      .withSpan({ name: JOB_TYPE, kind: 'consumer', attributes, parent }, (span) => decide(job, span.traceparent))
      .finally(() => metrics?.attempted(performance.now() - beganAt))
    if (held === null) return
    logger.debug({ jobId, failure: held.failure, retryAfterMs: held.retryAfterMs }, 'decision held')
    await job.moveToDelayed(Date.now() + held.retryAfterMs, token)
    throw new DelayedError()
  }

  const worker = new Worker<QueueJob['data']>(queue, work, {
    connection: createNodeRedisClient(redis as never),
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: STALLED_MAX,
  })
  worker.on('failed', (job, err) => logger.warn({ jobId: job?.id, attempt: job?.attemptsMade, err }, 'attempt failed'))
  worker.on('stalled', (jobId) => logger.warn({ jobId }, 'job taken over from a worker that is gone'))
  worker.on('error', (err) => logger.warn({ err }, 'queue not reachable'))
  return worker
}

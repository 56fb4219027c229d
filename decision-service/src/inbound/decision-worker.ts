import { isFinal } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/logger.ts'
import type { Redis } from '@redress/shared/redis.ts'
import { createNodeRedisClient, type Job, UnrecoverableError, Worker } from 'bullmq'
import type { DecideIssue } from '../use-cases/decide-issue.ts'

/** A worker that died is noticed after this; its jobs go to another. */
const LOCK_MS = 5_000
const STALLED_CHECK_MS = 2_500
/** Workers may die as often as they like: a job is given up by its attempts alone. */
const STALLED_MAX = 1_000

type Options = Readonly<{
  queue: string
  redis: Redis
  decideIssue: DecideIssue
  concurrency: number
  logger: Logger
}>

/** Where the queue meets the use case. The last failed attempt ends the job on record before it ends in the queue. */
export function startDecisionWorker({ queue, redis, decideIssue, concurrency, logger }: Options) {
  const work = async (job: Job<{ jobId: string }>) => {
    const { jobId } = job.data
    try {
      await decideIssue.decide(jobId)
    } catch (error) {
      const attemptsLeft = (job.opts.attempts ?? 1) - (job.attemptsMade + 1)
      if (attemptsLeft > 0 && !isFinal(error)) throw error
      await decideIssue.giveUp(jobId, error instanceof Error ? error.message : String(error))
      throw new UnrecoverableError(String(error))
    }
  }

  const worker = new Worker<{ jobId: string }>(queue, work, {
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

import { tracedBy } from '@redress/shared/events/envelope.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { createNodeRedisClient, Queue } from 'bullmq'
import { readJobCounts } from '../../jobs/queue-counts.ts'
import type { QueueView, QueueViews } from '../../jobs/queue-views.ts'
import { type DecisionJob, URGENCY } from '../domain/job.ts'
import type { JobQueue } from '../use-cases/ports.ts'
import type { Collections } from './documents.ts'

export const DECISIONS_QUEUE = 'decisions'

/** A job in the queue: the record in MongoDB has the rest. */
export type QueuedJob = Readonly<{ jobId: string; trace?: string }>

export type DecisionQueueOptions = Readonly<{
  redis: Redis
  jobs: Collections['jobs']
  attempts: number
  /** The first wait between attempts; each further one is twice as long. */
  backoffMs: number
  logger: Logger
}>

/** Ended jobs that stay visible in the queue. The record in MongoDB is kept longer. */
const KEPT_ENDED = { count: 1000 }
const MOST_URGENT = 10

/** The queue that decisions are made from: critical tier, its jobs are stored in MongoDB before they come here. */
export function createDecisionQueue(options: DecisionQueueOptions): JobQueue & QueueViews & { close(): Promise<void> } {
  const { redis, jobs, attempts, backoffMs, logger } = options
  const queue = new Queue<QueuedJob>(DECISIONS_QUEUE, {
    connection: createNodeRedisClient(redis as never),
    defaultJobOptions: {
      attempts,
      backoff: { type: 'exponential', delay: backoffMs },
      removeOnComplete: KEPT_ENDED,
      removeOnFail: KEPT_ENDED,
    },
  })
  queue.on('error', (err) => logger.warn({ err }, 'queue not reachable'))

  const view = () => viewQueue(queue, jobs)
  return {
    enqueue: (wanted) => enqueue(queue, wanted),
    revive: (wanted) => revive(queue, wanted),
    all: async () => [await view()],
    find: async (name) => (name === DECISIONS_QUEUE ? view() : null),
    close: () => queue.close(),
  }
}

/**
 * Each job is added for itself (one pipeline all the same): a bulk is a transaction of cached scripts, and with
 * node-redis one that is sent after a restart of Redis finds the cache empty for ever.
 */
async function enqueue(queue: Queue<QueuedJob>, wanted: readonly DecisionJob[]): Promise<void> {
  await Promise.all(
    wanted.map(({ id, trace, case: { priority } }) =>
      // BullMQ counts the other way round: 1 is the most urgent.
      queue.add(
        'decide',
        { jobId: id, ...tracedBy(trace) },
        { jobId: id, priority: MOST_URGENT + 1 - URGENCY[priority] },
      ),
    ),
  )
}

async function revive(queue: Queue<QueuedJob>, wanted: readonly DecisionJob[]): Promise<void> {
  const states = await Promise.all(wanted.map(({ id }) => queue.getJobState(id)))
  await enqueue(
    queue,
    wanted.filter((_, index) => states[index] === 'unknown'),
  )
  for (const [index, { id }] of wanted.entries()) {
    const state = states[index]
    if (state === 'failed' || state === 'completed') await (await queue.getJob(id))?.retry(state)
  }
}

async function viewQueue(queue: Queue<QueuedJob>, jobs: Collections['jobs']): Promise<QueueView> {
  const oldest = await jobs
    .find({ status: 'PENDING' }, { projection: { createdAt: 1 } })
    .sort({ createdAt: 1 })
    .limit(1)
    .next()
  return {
    name: queue.name,
    tier: 'CRITICAL',
    paused: await queue.isPaused(),
    counts: await readJobCounts(queue),
    oldestWaitingSeconds: oldest && Math.max(0, (Date.now() - oldest.createdAt.getTime()) / 1000),
  }
}

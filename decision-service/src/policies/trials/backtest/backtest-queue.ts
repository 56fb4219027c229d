import { tracedBy } from '@redress/shared/events/envelope.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { createNodeRedisClient, Queue } from 'bullmq'
import { readJobCounts } from '../../../jobs/queue-counts.ts'
import type { QueueView, QueueViews } from '../../../jobs/queue-views.ts'
import type { Backtest } from './backtest.ts'
import type { BacktestCollection } from './mongo-backtests.ts'
import type { BacktestQueue } from './ports.ts'

export const BACKTESTS_QUEUE = 'backtests'

/** A backtest in the queue: the record in MongoDB has the rest. */
type QueuedBacktest = Readonly<{ backtestId: string; trace?: string }>

type BacktestQueueOptions = Readonly<{
  redis: Redis
  backtests: BacktestCollection
  /** The first wait between attempts; each further one is twice as long. */
  backoffMs?: number
  logger: Logger
}>

const ATTEMPTS = 3
const BACKOFF_MS = 2_000
/** Ended ones that stay visible in the queue. The record in MongoDB is kept longer. */
const KEPT_ENDED = { count: 100 }

/** The queue that backtests are run from, first come, first served. */
export function createBacktestQueue(
  options: BacktestQueueOptions,
): BacktestQueue & QueueViews & { close(): Promise<void> } {
  const { redis, backtests, backoffMs = BACKOFF_MS, logger } = options
  const queue = new Queue<QueuedBacktest>(BACKTESTS_QUEUE, {
    connection: createNodeRedisClient(redis as never),
    defaultJobOptions: {
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: backoffMs },
      removeOnComplete: KEPT_ENDED,
      removeOnFail: KEPT_ENDED,
    },
  })
  queue.on('error', (err) => logger.warn({ err }, 'queue not reachable'))

  const enqueue = async ({ id, trace }: Backtest) => {
    await queue.add('backtest', { backtestId: id, ...tracedBy(trace) }, { jobId: id })
  }
  /** Whether it had to be helped. */
  const revive = async (backtest: Backtest): Promise<boolean> => {
    const state = await queue.getJobState(backtest.id)
    if (state === 'unknown') await enqueue(backtest)
    else if (state === 'failed' || state === 'completed') await (await queue.getJob(backtest.id))?.retry(state)
    else return false
    return true
  }
  const view = () => viewQueue(queue, backtests)
  return {
    enqueue,
    async revive(wanted) {
      const revived = await Promise.all(wanted.map(revive))
      return revived.filter(Boolean).length
    },
    all: async () => [await view()],
    find: async (name) => (name === BACKTESTS_QUEUE ? view() : null),
    close: () => queue.close(),
  }
}

async function viewQueue(queue: Queue, backtests: BacktestCollection): Promise<QueueView> {
  const oldest = await backtests
    .find({ status: 'PENDING' }, { projection: { updatedAt: 1 } })
    .sort({ updatedAt: 1 })
    .limit(1)
    .next()
  return {
    name: queue.name,
    tier: 'IMPORTANT',
    paused: await queue.isPaused(),
    counts: await readJobCounts(queue),
    oldestWaitingSeconds: oldest && Math.max(0, (Date.now() - oldest.updatedAt.getTime()) / 1000),
  }
}

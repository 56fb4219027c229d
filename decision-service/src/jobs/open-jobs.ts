import type { Service } from '@redress/shared/service/open-service.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { repeatOnLeader } from '../../../shared/src/service/repeat-on-leader.ts'
import { createQueueResolvers } from './api/queue-resolvers.ts'
import type { JobQueue } from './frame/open-queue.ts'
import type { JobType, QueueName } from './frame/registry.ts'
import { type Handlers, startWorker } from './frame/start-worker.ts'
import { createJobMetrics } from './frame/worker-metrics.ts'
import { exposeQueues } from './monitoring/queue-metrics.ts'
import { createQueueViews } from './monitoring/queue-views.ts'
import { createRecoverAll, type Recover } from './recovery/recover-jobs.ts'

const RECOVER_EVERY_MS = 10_000
/** Ten thousand jobs are looked up in a few seconds. */
const RECOVER_DEADLINE_MS = 60_000

/** A queue, and how its lost jobs are put back. */
export type RecoverableQueue = Readonly<{ queue: JobQueue<JobType>; recover: Recover }>

/** Recovers the lost jobs of all queues, on one leader, and shows what the queues hold. */
export function openJobs(stores: Service & Readonly<{ queueRedis: Redis }>, recoverables: readonly RecoverableQueue[]) {
  const { logger, metrics, queueRedis: redis } = stores
  const recoverAll = createRecoverAll({ redis, recoverEach: recoverables.map(({ recover }) => recover) })
  const { isLeader } = repeatOnLeader(stores, {
    election: 'recovery:decisions',
    everyMs: RECOVER_EVERY_MS,
    deadlineMs: RECOVER_DEADLINE_MS,
    async run(signal) {
      const jobs = await recoverAll(signal)
      if (jobs > 0) logger.warn({ jobs }, 'jobs recovered that their queue had lost')
    },
    onFailure: 'recovery not possible yet',
  })
  const queues = createQueueViews(recoverables.map(({ queue }) => queue))
  exposeQueues({ metrics, queues, mayReport: isLeader })
  return { resolvers: createQueueResolvers(queues) }
}

/** The handlers of every queue: a job type without one does not compile. */
type AllHandlers = Readonly<{ [Q in QueueName]: Handlers<Q> }>

type Limits = Readonly<{
  /** Decisions that one process makes side by side. */
  concurrency: number
  /** Milliseconds after which an attempt at a decision is stopped and taken again. */
  stuckAfterMs: number
}>

type WorkerStores = Pick<Service, 'metrics' | 'telemetry' | 'logger' | 'resources'> & Readonly<{ queueRedis: Redis }>

/** Works on all queues until the service is closed. */
export function openWorkers(
  { queueRedis: redis, metrics, telemetry, logger, resources }: WorkerStores,
  handlers: AllHandlers,
  { concurrency, stuckAfterMs }: Limits,
): void {
  const timeouts = { decide: stuckAfterMs }
  const concurrencies: Readonly<Partial<Record<QueueName, number>>> = { decisions: concurrency }
  const shared = { redis, metricsOf: createJobMetrics(metrics), telemetry, timeouts, logger }
  const start = <Q extends QueueName>(queue: Q) => {
    const limit = concurrencies[queue]
    const options = {
      ...shared,
      handlers: handlers[queue],
      ...(limit !== undefined && { concurrency: limit }),
    }
    const worker = startWorker(queue, options)
    resources.defer(() => worker.close())
  }
  for (const queue of Object.keys(handlers) as QueueName[]) start(queue)
}

import type { Service } from '@redress/shared/service/open-service.ts'
import { repeatOnLeader } from '../../../shared/src/service/repeat-on-leader.ts'
import { createQueueResolvers } from './api/queue-resolvers.ts'
import type { Registry } from './frame/job-definition.ts'
import type { JobHandler } from './frame/job-handler.ts'
import type { Queues } from './frame/open-queues.ts'
import type { QueueName } from './frame/queues.ts'
import type { JobData, JobType } from './frame/registry.ts'
import { type Handlers, startWorker } from './frame/start-worker.ts'
import { createJobMetrics } from './frame/worker-metrics.ts'
import { exposeQueues } from './monitoring/queue-metrics.ts'
import { createQueueViews, type FindOldest } from './monitoring/queue-views.ts'
import { createRecoverAll, type Recover } from './recovery/recover-jobs.ts'

const RECOVER_EVERY_MS = 10_000
/** Ten thousand jobs are looked up in a few seconds. */
const RECOVER_DEADLINE_MS = 60_000

type Stores = Service & Readonly<{ queues: Queues }>

type Subjects = Readonly<{
  /** How each kind of stored job is put back into its queue. */
  recoverEach: readonly Recover[]
  /** How the oldest job of a queue is found that Redis may have lost. */
  findOldest: Readonly<Partial<Record<QueueName, FindOldest>>>
}>

/** Recovers the lost jobs of all queues, on one leader, and shows what the queues hold. */
export function openJobs(stores: Stores, { recoverEach, findOldest }: Subjects) {
  const { logger, metrics, queues } = stores
  const connections = [...new Set(Object.values(queues).map(({ redis }) => redis))]
  const recoverAll = createRecoverAll({ connections, recoverEach })
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
  const views = createQueueViews(queues, findOldest)
  exposeQueues({ metrics, queues: views, mayReport: isLeader })
  return { resolvers: createQueueResolvers(views), isLeader }
}

/** Types whose handlers come with the issues of their owners; callers cannot order them. */
type Later =
  | 'generate-report'
  | 'export-customer'
  | 'archive-issues'
  | 'purge-audit'
  | 'analytics-track'
  | 'cleanup-old-data'

/** The handlers of every type: a type without one does not compile. */
type AllHandlers = Readonly<{ [T in Exclude<JobType, Later>]: JobHandler<JobData<T>> }>

type Works = Readonly<{
  /** The queues that this process works on. */
  names: readonly QueueName[]
  /** Jobs that it runs side by side. */
  concurrency: Readonly<Record<QueueName, number>>
  registry: Registry
}>

type WorkerStores = Pick<Service, 'metrics' | 'telemetry' | 'logger' | 'resources'> & Readonly<{ queues: Queues }>

/** Works on queues until the service is closed. */
export function openWorkers(
  { queues, metrics, telemetry, logger, resources }: WorkerStores,
  handlers: AllHandlers & Handlers,
  { names, concurrency, registry }: Works,
): void {
  const metricsOf = createJobMetrics(metrics)
  for (const name of names) {
    const { redis } = queues[name]
    const options = { handlers, registry, redis, concurrency: concurrency[name], metricsOf, telemetry, logger }
    const worker = startWorker(name, options)
    resources.defer(() => worker.close())
  }
}

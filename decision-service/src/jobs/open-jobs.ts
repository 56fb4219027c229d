import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import type { Collection } from 'mongodb'
import { repeatOnLeader } from '../../../shared/src/service/repeat-on-leader.ts'
import { combineParts } from '../../../shared/src/subgraph/combine-parts.ts'
import { createIsPaused, startPauseWatch } from './acts/pause-watch.ts'
import type { JobSource } from './api/job-views.ts'
import { type ApiCollections, type ApiStores, openJobApi } from './api/open-job-api.ts'
import { openChanges } from './feed/open-changes.ts'
import type { Registry } from './frame/job-definition.ts'
import type { JobHandler } from './frame/job-handler.ts'
import type { JobQueue } from './frame/open-queue.ts'
import type { Queues } from './frame/open-queues.ts'
import type { QueueName } from './frame/queues.ts'
import type { JobData, JobType } from './frame/registry.ts'
import { type Handlers, startWorker } from './frame/start-worker.ts'
import { createJobMetrics, joinJobMetrics } from './frame/worker-metrics.ts'
import type { ProviderLimits } from './limits/ports.ts'
import { createProviderGate } from './limits/provider-gate.ts'
import { createMongoQueueMetrics } from './monitoring/mongo-queue-metrics.ts'
import { openJobCounts } from './monitoring/open-job-counts.ts'
import { type MonitoringCollections, openMonitoring } from './monitoring/open-monitoring.ts'
import { exposeQueues } from './monitoring/queue-metrics.ts'
import { createQueueViews, type FindOldest } from './monitoring/queue-views.ts'
import type { Thresholds } from './monitoring/thresholds.ts'
import { type JobCollections, openJobStores } from './open-job-stores.ts'
import { openAgeing } from './priority/open-ageing.ts'
import { openCancellations } from './processors/cancellations.ts'
import type { ChangeOf } from './processors/job-change.ts'
import type { Processor, Processors } from './processors/processor.ts'
import { toHandlers } from './processors/to-handlers.ts'
import { createQueueEpochs, type EpochDocument } from './recovery/queue-epochs.ts'
import { createRecoverAll } from './recovery/recover-all.ts'
import type { Recover } from './recovery/recover-jobs.ts'
import { createRecoverRecords } from './recovery/recover-records.ts'

const now = () => new Date()

const RECOVER_EVERY_MS = 10_000
/** Ten thousand jobs are looked up in a few seconds. */
const RECOVER_DEADLINE_MS = 60_000

type Stores = Service &
  ApiStores &
  Readonly<{ collections: MonitoringCollections & Readonly<{ queueEpochs: Collection<EpochDocument> }> }>

type Subjects = Readonly<{
  /** How the jobs of a type with records of its own are put back into their queue. */
  recoverEach: readonly Recover[]
  /** How the oldest job of a queue is found that Redis may have lost. */
  findOldest: Readonly<Partial<Record<QueueName, FindOldest>>>
  /** The jobs with records of their own, as callers see them. */
  sources: readonly JobSource[]
  jobsOfIssue: (issueId: string) => Promise<readonly string[]>
  registry: Registry
  /** How long ago a lost job may have been due that is queued again. */
  recoveryWindowHours: number
  thresholds: Thresholds
}>

/** Recovers the lost jobs of all queues, on one leader, and shows what the queues hold. */
export function openJobs(stores: Stores, { findOldest, thresholds, ...subjects }: Subjects) {
  const { logger, metrics, queues, collections } = stores
  const isPaused = createIsPaused(collections.queueSwitches)
  const queueViews = createQueueViews(queues, findOldest, isPaused)
  const { onChange, watchQueues } = openChanges(stores)
  const { publish, follow } = watchQueues(queues, isPaused)
  const own = { ...subjects, queueViews, onChange, onQueueAct: publish }
  const { resolvers, switches, recoverRetried, ...api } = openJobApi(stores, own)
  const recoverEach = [...subjects.recoverEach, recoverRetried]
  const recoverAll = openRecovery(stores, { ...subjects, recoverEach }, onChange)
  const { isLeader } = repeatOnLeader(stores, {
    election: 'recovery:decisions',
    everyMs: RECOVER_EVERY_MS,
    deadlineMs: RECOVER_DEADLINE_MS,
    async run(signal) {
      // First: a queue that is paused must not run what is recovered.
      const paused = await switches.restore()
      if (paused.length > 0) logger.warn({ queues: paused }, 'queues paused again that their Redis had forgotten')
      const jobs = await recoverAll(signal)
      if (jobs > 0) logger.warn({ jobs }, 'jobs recovered that their queue had lost')
    },
    onFailure: 'recovery not possible yet',
  })
  follow(isLeader)
  exposeQueues({ metrics, queues: queueViews, mayReport: isLeader })
  openAgeing(stores, isLeader)
  const monitoring = openMonitoring(stores, { queueViews, registry: subjects.registry, thresholds, isLeader })
  return { ...api, ...combineParts({ resolvers }, monitoring), isLeader, onChange }
}

function openRecovery(
  stores: Stores,
  { recoverEach, registry, recoveryWindowHours }: Omit<Subjects, 'findOldest' | 'thresholds'>,
  onChange: ChangeOf,
) {
  const { queues, collections, mongo, outbox, logger } = stores
  const { records, deadJobs } = openJobStores(stores, registry)
  const shared = { records, deadJobs, onChange, queues, mongo, outbox, windowHours: recoveryWindowHours, now }
  const recoverRecords = createRecoverRecords({ ...shared, collection: collections.jobRecords })
  return createRecoverAll({
    connections: connectionsOf(Object.values(queues)),
    epochs: createQueueEpochs({ queues, collection: collections.queueEpochs, logger }),
    recoverEach: [...recoverEach, recoverRecords],
  })
}

const connectionsOf = (queues: readonly JobQueue[]) => [...new Set(queues.map(({ redis }) => redis))]

/** Types whose records are a part of their subject: it handles their jobs itself. */
type Own = 'decide-issue' | 'backtest-policy'
/** Types whose processors come with the issues of their owners; callers cannot order them. */
type Later = Extract<JobType, 'export-customer' | 'purge-audit'>

/** A handler or processor for every type: a type without one does not compile. */
export type Runners = Readonly<{
  handlers: Handlers & { [T in Own]: JobHandler<JobData<T>> }
  processors: Processors & { [T in Exclude<JobType, Own | Later>]: Processor<JobData<T>> }
}>

type Works = Readonly<{
  /** The queues that this process works on. */
  names: readonly QueueName[]
  /** Jobs that it runs side by side. */
  concurrency: Readonly<Record<QueueName, number>>
  registry: Registry
}>

type WorkerStores = Pick<Service, 'db' | 'mongo' | 'redis' | 'metrics' | 'telemetry' | 'logger' | 'resources'> &
  Readonly<{
    queues: Queues
    outbox: Outbox
    collections: JobCollections & MonitoringCollections & Pick<ApiCollections, 'queueSwitches'>
    limits: Pick<ProviderLimits, 'acquire'>
  }>

/** Works on queues until the service is closed. */
export function openWorkers(
  stores: WorkerStores,
  { handlers, processors }: Runners,
  { names, concurrency, registry }: Works,
): void {
  const { queues, collections, limits, metrics, telemetry, logger, resources } = stores
  const cancellations = openCancellations(connectionsOf(names.map((name) => queues[name])), logger)
  resources.defer(() => cancellations.close())
  const pauses = startPauseWatch({ collection: collections.queueSwitches, queues, logger })
  resources.defer(() => pauses.stop())
  const { onChange } = openChanges(stores)
  const jobStores = openJobStores(stores, registry)
  const kept = toHandlers(processors, { ...jobStores, registry, cancellations, onChange, now })
  const { deadJobs } = jobStores
  const counted = openJobCounts({ ...stores, metrics: createMongoQueueMetrics(stores.collections.queueMetrics) })
  const metricsOf = joinJobMetrics([createJobMetrics(metrics), counted])
  const shared = { gate: createProviderGate(limits), metricsOf, deadJobs, telemetry, logger }
  const workers = names.map((name) => {
    const options = { handlers: { ...handlers, ...kept }, registry, concurrency: concurrency[name] }
    const isPaused = () => pauses.isPaused(name)
    return startWorker(name, { ...options, isPaused, redis: queues[name].redis, ...shared })
  })
  // Side by side: each may have to wait for what it runs.
  resources.defer(async () => void (await Promise.all(workers.map((worker) => worker.close()))))
}

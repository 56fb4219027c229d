import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import { repeatUntilClosed } from '@redress/shared/service/repeat-until-closed.ts'
import type { Collection } from 'mongodb'
import { createEstimateJob } from '../estimates/estimate-job.ts'
import type { Registry } from '../frame/job-definition.ts'
import type { Queues } from '../frame/open-queues.ts'
import type { MetricDocument } from './metric-document.ts'
import { createMetricResolvers } from './metric-resolvers.ts'
import { createMetricViews } from './metric-views.ts'
import { type AlertDocument, createJudgeReadings } from './mongo-queue-alerts.ts'
import { createMongoQueueMetrics } from './mongo-queue-metrics.ts'
import { createMonitorQueues } from './monitor-queues.ts'
import { openJobCounts } from './open-job-counts.ts'
import type { QueueViews } from './queue-views.ts'
import { createReadAway } from './read-away.ts'
import type { Thresholds } from './thresholds.ts'

const MONITOR_EVERY_MS = 30_000
const LOOK_FOR_AWAY_EVERY_MS = 10_000
const now = () => new Date()

export type MonitoringCollections = Readonly<{
  queueMetrics: Collection<MetricDocument>
  queueAlerts: Collection<AlertDocument>
}>
type Stores = Pick<Service, 'mongo' | 'redis' | 'logger' | 'resources'> &
  Readonly<{ queues: Queues; collections: MonitoringCollections; outbox: Outbox }>
type Options = Readonly<{
  queueViews: QueueViews
  registry: Registry
  thresholds: Thresholds
  isLeader: () => boolean
}>

/** Counts the jobs that this process adds, monitors all queues where it leads, and shows what was measured. */
export function openMonitoring(stores: Stores, { queueViews, registry, thresholds, isLeader }: Options) {
  const { mongo, redis, queues, collections, outbox, logger, resources } = stores
  const metrics = createMongoQueueMetrics(collections.queueMetrics)
  openJobCounts({ queues, metrics, logger, resources })
  const collection = collections.queueAlerts
  const shared = { mongo, collection, outbox, thresholds }
  const judge = createJudgeReadings({ ...shared, mayWrite: isLeader })
  // Without a Redis there is no leader: then each process looks, and one of them raises the alert.
  const mayWrite = () => isLeader() || !redis.isReady
  const judgeAway = createJudgeReadings({ ...shared, mayWrite })
  const readAway = createReadAway(queues)
  repeatUntilClosed(stores, {
    run: () => judgeAway(readAway(now()), now()),
    everyMs: LOOK_FOR_AWAY_EVERY_MS,
    mayRun: mayWrite,
    onFailure: 'the Redis of queues not monitored',
  })
  const monitor = createMonitorQueues({ queues, views: queueViews, metrics, judge, logger })
  repeatUntilClosed(stores, {
    run: () => monitor(now()),
    everyMs: MONITOR_EVERY_MS,
    mayRun: isLeader,
    onFailure: 'queues not monitored',
  })
  const views = createMetricViews({ metrics, registry, now })
  return { resolvers: createMetricResolvers(views, createEstimateJob({ queues, metrics, now })) }
}

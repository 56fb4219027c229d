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
import type { Thresholds } from './thresholds.ts'

const MONITOR_EVERY_MS = 30_000
const now = () => new Date()

export type MonitoringCollections = Readonly<{
  queueMetrics: Collection<MetricDocument>
  queueAlerts: Collection<AlertDocument>
}>
type Stores = Pick<Service, 'mongo' | 'logger' | 'resources'> &
  Readonly<{ queues: Queues; collections: MonitoringCollections; outbox: Outbox }>
type Options = Readonly<{
  queueViews: QueueViews
  registry: Registry
  thresholds: Thresholds
  isLeader: () => boolean
}>

/** Counts the jobs that this process adds, monitors all queues where it leads, and shows what was measured. */
export function openMonitoring(stores: Stores, { queueViews, registry, thresholds, isLeader }: Options) {
  const { mongo, queues, collections, outbox, logger, resources } = stores
  const metrics = createMongoQueueMetrics(collections.queueMetrics)
  openJobCounts({ queues, metrics, logger, resources })
  const collection = collections.queueAlerts
  const judge = createJudgeReadings({ mongo, collection, outbox, thresholds, mayWrite: isLeader })
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

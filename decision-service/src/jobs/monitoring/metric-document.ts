import type { ErrorCode } from '@redress/shared/error-codes.ts'
import { type CollectionDefinition, defineCollection } from '@redress/shared/stores/collections.ts'
import { DAY_SECONDS, HOUR_MS, MINUTE_MS } from '@redress/shared/time.ts'
import type { QueueName } from '../frame/queues.ts'

/** The counts of the jobs of one type; a count that is absent is 0. */
export type TypeCounts = {
  /** Handed to their queue, also again before they have ended. Those that recovery has queued again are not among them. */
  added?: number
  completed?: number
  failed?: number
  /** The time of all attempts. */
  busyMs?: number
  /** Completed jobs by the bucket of the duration of their last attempt; of hours only. */
  durations?: Record<string, number>
  failures?: Partial<Record<ErrorCode, { count: number; lastAt: Date }>>
}

export type QueueMetric = {
  /** The highest sample. */
  depth?: number
  oldestWaitingSeconds?: number
  types?: Record<string, TypeCounts>
}

/** Everything measured of all queues in one minute, or in one hour. The id is its resolution and its begin. */
export type MetricDocument = { _id: string; at: Date; queues?: Partial<Record<QueueName, QueueMetric>> }

/** Read by ranges of the id. */
export const QUEUE_METRICS: CollectionDefinition<MetricDocument> = defineCollection<MetricDocument>({
  name: 'queue_metrics',
  retention: { field: 'at', seconds: 30 * DAY_SECONDS, index: 'expiry' },
})

/** Documents of hours hold the sums of their minutes, for ranges of many days. */
export const RESOLUTIONS = { minute: MINUTE_MS, hour: HOUR_MS } as const
export type Resolution = keyof typeof RESOLUTIONS

export function beginOf(resolution: Resolution, moment: Date): Date {
  const ms = RESOLUTIONS[resolution]
  return new Date(Math.floor(moment.getTime() / ms) * ms)
}

export function metricIdOf(resolution: Resolution, moment: Date): string {
  return `${resolution} ${beginOf(resolution, moment).toISOString()}`
}

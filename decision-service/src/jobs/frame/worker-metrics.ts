import type { ErrorCode } from '@redress/shared/error-codes.ts'
import type { Metrics } from '@redress/shared/telemetry/metrics.ts'
import { createCounters, createHistograms } from '@redress/shared/telemetry/tallies.ts'
import type { QueueName } from './queues.ts'

const SECONDS = [0.1, 0.5, 1, 2, 5, 10, 30, 60]

export type JobMetrics = Readonly<{
  /** One attempt at a job is over, however it went. */
  attempted: (durationMs: number) => void
  /** A job has ended: done, or given up after its last attempt, for the reason given. */
  ended: (result: 'success' | ErrorCode) => void
}>

export type JobMetricsOf = (labels: Readonly<{ queue: QueueName; type: string }>) => JobMetrics

/** The metrics of a worker's jobs, by queue and type. */
export function createJobMetrics({ registry }: Metrics): JobMetricsOf {
  const durations = createHistograms(registry, {
    name: 'job_processing_duration_seconds',
    help: 'Time that attempts at jobs took',
    labels: ['queue_name', 'job_type'],
    buckets: SECONDS,
  })
  const results = createCounters(registry, {
    name: 'job_results_total',
    help: 'Jobs that ended',
    labels: ['queue_name', 'job_type', 'result'],
  })
  return ({ queue, type }) => {
    const duration = durations(queue, type)
    const ended = { success: results(queue, type, 'success'), failure: results(queue, type, 'failure') }
    return {
      attempted: (durationMs) => duration.observe(durationMs / 1_000),
      ended: (result) => ended[result === 'success' ? result : 'failure'].add(),
    }
  }
}

/** Several metrics of the same jobs as one. */
export function joinJobMetrics(all: readonly JobMetricsOf[]): JobMetricsOf {
  return (labels) => {
    const each = all.map((metricsOf) => metricsOf(labels))
    return {
      attempted(durationMs) {
        for (const metrics of each) metrics.attempted(durationMs)
      },
      ended(result) {
        for (const metrics of each) metrics.ended(result)
      },
    }
  }
}

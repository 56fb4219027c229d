import type { ErrorCode } from '@redress/shared/error-codes.ts'
import type { Metrics } from '@redress/shared/telemetry/metrics.ts'
import { createCounters, createHistograms } from '@redress/shared/telemetry/tallies.ts'
import type { QueueName } from './queues.ts'

const SECONDS = [0.1, 0.5, 1, 2, 5, 10, 30, 60]

export type JobMetrics = Readonly<{
  /** One attempt at a job is over, however it went. */
  attempted: (durationMs: number) => void
  /** A job is done, by an attempt that took so long. */
  completed: (durationMs: number) => void
  /** A job was given up: after its last attempt, or for a reason that is final. */
  failed: (code: ErrorCode) => void
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
    const [success, failure] = [results(queue, type, 'success'), results(queue, type, 'failure')]
    return {
      attempted: (durationMs) => duration.observe(durationMs / 1_000),
      completed: () => success.add(),
      failed: () => failure.add(),
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
      completed(durationMs) {
        for (const metrics of each) metrics.completed(durationMs)
      },
      failed(code) {
        for (const metrics of each) metrics.failed(code)
      },
    }
  }
}

import type { Service } from '@redress/shared/service/open-service.ts'
import { repeatUntilClosed } from '@redress/shared/service/repeat-until-closed.ts'
import type { Queues } from '../frame/open-queues.ts'
import type { JobMetricsOf } from '../frame/worker-metrics.ts'
import { countDuration, countFailure, createJobCounts, type JobCounts } from './job-counts.ts'
import type { QueueMetrics } from './mongo-queue-metrics.ts'

const STORE_EVERY_MS = 10_000

type Stores = Pick<Service, 'logger' | 'resources'> &
  Readonly<{ queues: Queues; metrics: Pick<QueueMetrics, 'addCounts'> }>

/** Counts the jobs that this process adds and runs, and stores the counts every few seconds and at the end. */
export function openJobCounts({ queues, metrics, logger, resources }: Stores): JobMetricsOf {
  const counts = createJobCounts()
  for (const { name, onAdded } of Object.values(queues)) {
    onAdded((jobs) => {
      for (const { type } of jobs) counts.of(name, type).added++
    })
  }
  const store = createStoreCounts(counts, metrics)
  const storeNow = () => store(new Date())
  // Deferred before the repetition, so that it runs after that has stopped.
  resources.defer(() => storeNow().catch((err: unknown) => logger.warn({ err }, 'counts of jobs not stored')))
  repeatUntilClosed(
    { logger, resources },
    { run: storeNow, everyMs: STORE_EVERY_MS, onFailure: 'counts of jobs not stored yet' },
  )
  return toJobMetrics(counts)
}

/** Stores what was counted since the last time. Where that fails, it is stored the next time. */
export function createStoreCounts(counts: JobCounts, { addCounts }: Pick<QueueMetrics, 'addCounts'>) {
  return async (now: Date): Promise<void> => {
    const taken = counts.take()
    try {
      await addCounts(taken, now)
    } catch (error) {
      counts.putBack(taken)
      throw error
    }
  }
}

/** The counting of a worker. A job that was cancelled has not failed. */
export function toJobMetrics(counts: JobCounts): JobMetricsOf {
  return ({ queue, type }) => ({
    attempted(durationMs) {
      counts.of(queue, type).busyMs += durationMs
    },
    completed(durationMs) {
      const count = counts.of(queue, type)
      count.completed++
      countDuration(count, durationMs)
    },
    failed(code) {
      if (code === 'JOB_CANCELLED') return
      const count = counts.of(queue, type)
      count.failed++
      countFailure(count, code, new Date())
    },
  })
}

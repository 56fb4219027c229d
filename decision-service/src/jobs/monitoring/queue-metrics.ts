import type { Metrics } from '@redress/shared/telemetry/metrics.ts'
import { createGauges } from '@redress/shared/telemetry/tallies.ts'
import type { QueueViews } from './queue-views.ts'

type Options = Readonly<{ metrics: Metrics; queues: QueueViews; mayReport: () => boolean }>

/**
 * Metrics of the queues, read at each scrape. Only one process reports them (`mayReport`), because a sum over replicas
 * would count each job once per process.
 */
export function exposeQueues({ metrics, queues, mayReport }: Options): void {
  const gauges = (name: string, help: string, ...labels: readonly string[]) =>
    createGauges(metrics.registry, { name, help, labels: ['queue_name', ...labels] })
  const depth = gauges('queue_depth', 'Jobs in a queue by status', 'status')
  const oldest = gauges('oldest_job_age_seconds', 'Age of the oldest job that waits; 0 where none does')
  const failed = gauges('failed_jobs_total', 'Failed jobs that are kept in a queue')

  const forget = () => {
    for (const one of [depth, oldest, failed]) one.clear()
  }
  metrics.beforeScrape({
    forget,
    async read() {
      const views = mayReport() ? await queues.all() : []
      forget()
      for (const { name, counts, oldestWaitingSeconds } of views) {
        for (const [status, jobs] of Object.entries(counts)) depth(name, status).set(jobs)
        oldest(name).set(oldestWaitingSeconds ?? 0)
        failed(name).set(counts.failed)
      }
    },
  })
}

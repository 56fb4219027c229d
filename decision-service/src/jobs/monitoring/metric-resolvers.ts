import type { EstimateJob } from '../estimates/estimate-job.ts'
import type { QueueName } from '../frame/queues.ts'
import type { MetricViews } from './metric-views.ts'
import type { Range } from './mongo-queue-metrics.ts'

type ThroughputArguments = Readonly<{ minutes: number; type?: string | null }>

/** GraphQL on one side, the metrics of the queues on the other. */
export function createMetricResolvers({ throughput, jobMetrics, failures }: MetricViews, estimateJob: EstimateJob) {
  return {
    Query: {
      jobMetrics: (_: unknown, range: Range) => jobMetrics(range),
      failureAnalysis: (_: unknown, range: Range) => failures(range),
    },
    Queue: {
      throughput: ({ name }: Readonly<{ name: QueueName }>, { minutes, type = null }: ThroughputArguments) =>
        throughput(name, { minutes, type }),
    },
    Job: {
      estimatedCompletionAt: estimateJob,
    },
  }
}

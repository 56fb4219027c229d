import { refuseRange } from '@redress/shared/stores/moments.ts'
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS } from '@redress/shared/time.ts'
import { JobTypeNotFoundError } from '../errors.ts'
import type { Registry } from '../frame/job-definition.ts'
import { QUEUE_NAMES, type QueueName } from '../frame/queues.ts'
import { type FailureGroup, groupFailures } from './failure-groups.ts'
import { beginOf, type MetricDocument, RESOLUTIONS, type Resolution } from './metric-document.ts'
import type { QueueMetrics, Range } from './mongo-queue-metrics.ts'
import { type QueueSummary, sumCounts, summariseQueue } from './queue-summary.ts'

const RANGE_DAYS_MAX = 30

/** The jobs of a queue in one minute. */
export type ThroughputPoint = Readonly<{
  at: Date
  added: number
  completed: number
  failed: number
  /** The highest sample; null where none was taken. */
  depth: number | null
}>

/** The jobs of a queue that ended in a time before a moment. */
export type Throughput = Readonly<{ last1h: number; last24h: number; last7d: number }>

/** The range is widened to whole minutes, or hours. */
export type JobMetricsView = Range &
  Readonly<{ queues: readonly (QueueSummary & Readonly<{ throughput: () => Promise<Throughput> }>)[] }>

export type MetricViews = Readonly<{
  /** The last `minutes` minutes of a queue, the current one first. @throws JobTypeNotFoundError */
  throughput(
    queue: QueueName,
    asked: Readonly<{ minutes: number; type: string | null }>,
  ): Promise<readonly ThroughputPoint[]>
  /** @throws BadUserInputError for a range that is empty, or longer than RANGE_DAYS_MAX. */
  jobMetrics(range: Range): Promise<JobMetricsView>
  /** @throws BadUserInputError as `jobMetrics` does. */
  failures(range: Range): Promise<readonly FailureGroup[]>
}>

type Dependencies = Readonly<{ metrics: Pick<QueueMetrics, 'read'>; registry: Registry; now: Clock }>

/** The metrics of the queues, as callers read them. */
export function createMetricViews({ metrics: { read }, registry, now }: Dependencies): MetricViews {
  const readRange = async (asked: Range) => {
    refuseRange(asked, RANGE_DAYS_MAX)
    const { resolution, ...range } = widen(asked)
    return { range, documents: await read(resolution, range) }
  }
  return {
    async throughput(queue, { minutes, type }) {
      if (type !== null && !Object.hasOwn(registry, type)) throw new JobTypeNotFoundError(type, Object.keys(registry))
      const to = new Date(beginOf('minute', now()).getTime() + MINUTE_MS)
      const from = new Date(to.getTime() - minutes * MINUTE_MS)
      const found = await read('minute', { from, to }, queue)
      const known = new Map(found.map((document) => [document.at.getTime(), document.queues?.[queue]]))
      return Array.from({ length: minutes }, (_, index) => {
        const at = new Date(to.getTime() - (index + 1) * MINUTE_MS)
        const metric = known.get(at.getTime())
        const { added, completed, failed } = sumCounts(metric, type)
        return { at, added, completed, failed, depth: metric?.depth ?? null }
      })
    },
    async jobMetrics(asked) {
      const { range, documents } = await readRange(asked)
      const ended = once(() => readEnded(read, range.to))
      const throughputOf = (queue: QueueName) => async () => (await ended())(queue)
      const summaries = QUEUE_NAMES.map((queue) => summariseQueue(queue, documents))
      return { ...range, queues: summaries.map((one) => ({ ...one, throughput: throughputOf(one.queue) })) }
    },
    failures: async (asked) => groupFailures((await readRange(asked)).documents),
  }
}

/** Whole minutes for up to a day, hours for more, so that at most 1,441 documents are read. */
function widen({ from, to }: Range): Range & Readonly<{ resolution: Resolution }> {
  const resolution = to.getTime() - from.getTime() <= DAY_MS ? 'minute' : 'hour'
  const end = new Date(to.getTime() + RESOLUTIONS[resolution] - 1)
  return { resolution, from: beginOf(resolution, from), to: beginOf(resolution, end) }
}

/** The jobs of each queue that ended in the last hour, day and week before `to`. */
async function readEnded(read: QueueMetrics['read'], to: Date): Promise<(queue: QueueName) => Throughput> {
  const before = (ms: number) => widen({ from: new Date(to.getTime() - ms), to })
  const [day, week] = await Promise.all([before(DAY_MS), before(7 * DAY_MS)].map((one) => read(one.resolution, one)))
  const lastHour = day!.filter(({ at }) => at.getTime() >= to.getTime() - HOUR_MS)
  const countIn = (documents: readonly MetricDocument[], queue: QueueName) => summariseQueue(queue, documents).processed
  return (queue) => ({
    last1h: countIn(lastHour, queue),
    last24h: countIn(day!, queue),
    last7d: countIn(week!, queue),
  })
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null
  return () => {
    result ??= work()
    return result
  }
}

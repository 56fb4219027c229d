import type { QueueName } from '../frame/queues.ts'
import type { MetricDocument, QueueMetric, TypeCounts } from './metric-document.ts'

type Sums = Readonly<Record<'added' | 'completed' | 'failed' | 'busyMs', number>>

export type JobFigures = Readonly<{
  added: number
  /** Completed or failed. */
  processed: number
  failed: number
  /** The time of all attempts at a job on average; null where none ended. */
  avgProcessTimeMs: number | null
}>

export type QueueSummary = JobFigures &
  Readonly<{
    queue: QueueName
    /** The highest samples; null where none was taken. */
    depthMax: number | null
    oldestWaitingSecondsMax: number | null
    /** By type, in the order of their names; those of which nothing was counted are missing. */
    types: readonly (JobFigures & Readonly<{ type: string }>)[]
  }>

/** Sums the metrics of one queue. */
export function summariseQueue(queue: QueueName, documents: readonly MetricDocument[]): QueueSummary {
  const metrics = documents.flatMap(({ queues }) => queues?.[queue] ?? [])
  const names = [...new Set(metrics.flatMap(({ types }) => Object.keys(types ?? {})))].sort()
  const ofType = (type: string | null) => toFigures(metrics.map((metric) => sumCounts(metric, type)).reduce(plus, NONE))
  return {
    queue,
    ...ofType(null),
    depthMax: highest(metrics.map(({ depth }) => depth)),
    oldestWaitingSecondsMax: highest(metrics.map(({ oldestWaitingSeconds }) => oldestWaitingSeconds)),
    types: names.map((type) => ({ type, ...ofType(type) })),
  }
}

/** The counts of one type in a metric, or of all types for null. */
export function sumCounts(metric: QueueMetric | undefined, type: string | null): Sums {
  const { types = {} } = metric ?? {}
  const counts: readonly (TypeCounts | undefined)[] = type === null ? Object.values(types) : [types[type]]
  return counts.reduce<Sums>((sum, one) => plus(sum, { ...NONE, ...one }), NONE)
}

const NONE: Sums = { added: 0, completed: 0, failed: 0, busyMs: 0 }

const plus = (one: Sums, other: Sums): Sums => ({
  added: one.added + other.added,
  completed: one.completed + other.completed,
  failed: one.failed + other.failed,
  busyMs: one.busyMs + other.busyMs,
})

function toFigures({ added, completed, failed, busyMs }: Sums): JobFigures {
  const processed = completed + failed
  return { added, processed, failed, avgProcessTimeMs: processed === 0 ? null : busyMs / processed }
}

function highest(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? null : known.reduce((one, other) => Math.max(one, other))
}

import type { Collection, Filter, UpdateFilter } from 'mongodb'
import type { QueueName } from '../frame/queues.ts'
import type { JobCount } from './job-counts.ts'
import { beginOf, type MetricDocument, metricIdOf, RESOLUTIONS, type Resolution } from './metric-document.ts'
import type { QueueSample } from './queue-sample.ts'

export type Range = Readonly<{ from: Date; to: Date }>

export type QueueMetrics = Readonly<{
  addCounts(counts: readonly JobCount[], now: Date): Promise<void>
  addSamples(samples: readonly QueueSample[], now: Date): Promise<void>
  /** The documents that begin in a range, oldest first; of one queue, or of all. Minutes and hours without any are missing. */
  read(resolution: Resolution, range: Range, queue?: QueueName): Promise<readonly MetricDocument[]>
}>

type Changes = Pick<UpdateFilter<MetricDocument>, '$inc' | '$max'>

/** The metrics of the queues in MongoDB, by the minute and by the hour. */
export function createMongoQueueMetrics(collection: Collection<MetricDocument>): QueueMetrics {
  const change = async (changesOf: (resolution: Resolution) => Changes, now: Date) => {
    const updates = (Object.keys(RESOLUTIONS) as Resolution[]).map((resolution) => ({
      updateOne: {
        filter: { _id: metricIdOf(resolution, now) },
        update: { ...changesOf(resolution), $setOnInsert: { at: beginOf(resolution, now) } },
        upsert: true,
      },
    }))
    await collection.bulkWrite(updates, { ordered: false })
  }
  return {
    async addCounts(counts, now) {
      if (counts.length > 0) await change((resolution) => toChanges(counts, resolution), now)
    },
    async addSamples(samples, now) {
      const highest = samples.flatMap(({ queue, depth, oldestWaitingSeconds }) => [
        [`queues.${queue}.depth`, depth],
        [`queues.${queue}.oldestWaitingSeconds`, oldestWaitingSeconds],
      ])
      if (highest.length > 0) await change(() => ({ $max: Object.fromEntries(highest) }), now)
    },
    read(resolution, { from, to }, queue) {
      const ids = { $gte: `${resolution} ${from.toISOString()}`, $lt: `${resolution} ${to.toISOString()}` }
      const projection = { at: 1, [queue === undefined ? 'queues' : `queues.${queue}`]: 1 }
      return collection
        .find({ _id: ids } as Filter<MetricDocument>, { projection })
        .sort({ _id: 1 })
        .toArray()
    },
  }
}

function toChanges(counts: readonly JobCount[], resolution: Resolution): Changes {
  const sums = new Map<string, number>()
  const latest = new Map<string, Date>()
  for (const { queue, type, durations, failures, ...numbers } of counts) {
    const path = `queues.${queue}.types.${type}`
    for (const field of ['added', 'completed', 'failed', 'busyMs'] as const) {
      if (numbers[field] > 0) sums.set(`${path}.${field}`, numbers[field])
    }
    // Read for a week at least. They are most of a document, so that minutes go without.
    if (resolution === 'hour') for (const [bucket, times] of durations) sums.set(`${path}.durations.${bucket}`, times)
    for (const [code, { count, lastAt }] of failures) {
      sums.set(`${path}.failures.${code}.count`, count)
      latest.set(`${path}.failures.${code}.lastAt`, lastAt)
    }
  }
  return {
    ...(sums.size > 0 && { $inc: Object.fromEntries(sums) }),
    ...(latest.size > 0 && { $max: Object.fromEntries(latest) }),
  }
}

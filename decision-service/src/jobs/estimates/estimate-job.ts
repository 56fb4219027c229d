import { StoreUnavailableError } from '@redress/shared/errors.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '@redress/shared/time.ts'
import type { Queue } from 'bullmq'
import type { JobQueue } from '../frame/open-queue.ts'
import type { Queues } from '../frame/open-queues.ts'
import { QUEUE_NAMES } from '../frame/queues.ts'
import { SCORE_OF_A_MS } from '../frame/waiting-jobs.ts'
import { medianOf } from '../monitoring/duration-buckets.ts'
import type { MetricDocument } from '../monitoring/metric-document.ts'
import type { QueueMetrics } from '../monitoring/mongo-queue-metrics.ts'
import { summariseQueue } from '../monitoring/queue-summary.ts'
import type { JobView } from '../orders/job-view.ts'
import { estimateCompletion, type Known } from './estimate.ts'

const LEARN_FROM_MS = 7 * DAY_MS
const LEARN_EVERY_MS = MINUTE_MS

export type EstimateJob = (job: JobView) => Promise<Date | null>

type Durations = Pick<Known, 'medianMs' | 'meanMs'>
type Dependencies = Readonly<{ queues: Queues; metrics: Pick<QueueMetrics, 'read'>; now: () => Date }>

/** Estimates when jobs will be completed, by the durations of the last week and their places in their queues. */
export function createEstimateJob({ queues, metrics, now }: Dependencies): EstimateJob {
  const durationsOf = createDurations(metrics, now)
  return async ({ id, type, queue, state, startedAt, endedAt }) => {
    if (endedAt !== null) return null
    try {
      const [durations, place] = await Promise.all([durationsOf(type), findPlace(queues[queue], id)])
      return estimateCompletion({ state, startedAt, ...durations, ...place }, now())
    } catch (error) {
      if (error instanceof StoreUnavailableError) return null
      throw error
    }
  }
}

function findPlace({ redis, use }: JobQueue, id: string): Promise<Pick<Known, 'dueAt' | 'place' | 'active'>> {
  return use(async (queue: Queue) => {
    const [score, place, active, isPaused] = await Promise.all([
      redis.zScore(queue.toKey('delayed'), id),
      redis.zRank(queue.toKey('prioritized'), id),
      redis.lLen(queue.toKey('active')),
      queue.isPaused(),
    ])
    const dueAt = score === null ? null : new Date(score / SCORE_OF_A_MS)
    return { dueAt, place: isPaused ? null : place, active }
  })
}

/** The durations of the types, read again when they are a minute old. */
function createDurations({ read }: Pick<QueueMetrics, 'read'>, now: () => Date) {
  let known: Promise<ReadonlyMap<string, Durations>> | null = null
  let readAt = 0
  const learn = async () => {
    const to = new Date(now().getTime() + HOUR_MS)
    return toDurations(await read('hour', { from: new Date(to.getTime() - LEARN_FROM_MS), to }))
  }
  return async (type: string): Promise<Durations> => {
    if (known === null || now().getTime() - readAt >= LEARN_EVERY_MS) {
      readAt = now().getTime()
      const learnt = learn()
      known = learnt
      learnt.catch(() => {
        if (known === learnt) known = null
      })
    }
    return (await known).get(type) ?? { medianMs: null, meanMs: null }
  }
}

function toDurations(documents: readonly MetricDocument[]): ReadonlyMap<string, Durations> {
  const all = QUEUE_NAMES.flatMap((queue) => {
    const { avgProcessTimeMs: meanMs, types } = summariseQueue(queue, documents)
    return types.map(({ type }) => {
      const counts = documents.flatMap(({ queues }) => Object.entries(queues?.[queue]?.types?.[type]?.durations ?? {}))
      const byBucket = Map.groupBy(counts, ([bucket]) => Number(bucket))
      const sums = new Map(
        [...byBucket].map(([bucket, ofBucket]) => [bucket, ofBucket.reduce((sum, [, n]) => sum + n, 0)]),
      )
      return [type, { medianMs: medianOf(sums), meanMs }] as const
    })
  })
  return new Map(all)
}

import { openCollections } from '@redress/shared/stores/collections.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { JOBS } from '../frame/registry.ts'
import { countFailure, createJobCounts } from './job-counts.ts'
import { QUEUE_METRICS } from './metric-document.ts'
import { createMetricViews } from './metric-views.ts'
import { createMongoQueueMetrics } from './mongo-queue-metrics.ts'

const { db } = await openTestDatabase()
const { metrics: collection } = await openCollections(db, { metrics: QUEUE_METRICS })
const metrics = createMongoQueueMetrics(collection)
const NOW = new Date('2030-06-15T12:00:30Z')
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000)
const views = createMetricViews({ metrics, registry: JOBS, now: () => NOW })
beforeEach(() => collection.deleteMany({}))

type Count = Readonly<{ type?: string; added?: number; completed?: number; failed?: number; busyMs?: number }>
const count = async (minutesAgo: number, { type = 'analytics-track', failed = 0, ...numbers }: Count) => {
  const counts = createJobCounts()
  const one = counts.of('background', type)
  Object.assign(one, { ...numbers, failed })
  if (failed > 0) countFailure(one, 'JOB_TIMED_OUT', ago(minutesAgo), failed)
  await metrics.addCounts(counts.take(), ago(minutesAgo))
}
const sample = (minutesAgo: number, depth: number) =>
  metrics.addSamples([{ queue: 'background', depth, oldestWaitingSeconds: depth * 2 }], ago(minutesAgo))

describe('the throughput of a queue', () => {
  it('is given minute by minute, the current one first, of all types or of one', async () => {
    await count(0, { added: 5, completed: 2 })
    await count(0, { added: 1, type: 'cleanup-old-data' })
    await count(2, { failed: 3 })
    await count(3, { completed: 9 })
    await sample(0, 7)
    await sample(0, 4)

    const points = await views.throughput('background', { minutes: 3, type: null })
    const ofType = await views.throughput('background', { minutes: 1, type: 'cleanup-old-data' })
    const ofOther = await views.throughput('money', { minutes: 1, type: null })

    expect(points).toEqual([
      { at: new Date('2030-06-15T12:00:00Z'), added: 6, completed: 2, failed: 0, depth: 7 },
      { at: new Date('2030-06-15T11:59:00Z'), added: 0, completed: 0, failed: 0, depth: null },
      { at: new Date('2030-06-15T11:58:00Z'), added: 0, completed: 0, failed: 3, depth: null },
    ])
    expect(ofType).toMatchObject([{ added: 1, completed: 0, depth: 7 }])
    expect(ofOther).toMatchObject([{ added: 0, depth: null }])
  })

  it('of an unknown type is refused', async () => {
    const asked = views.throughput('background', { minutes: 1, type: 'none' })

    await expect(asked).rejects.toMatchObject({ code: 'JOB_TYPE_NOT_FOUND' })
  })
})

describe('the metrics of a range', () => {
  it('are sums of whole minutes, and of the time before its end', async () => {
    await count(1, { added: 4, completed: 3, failed: 1, busyMs: 800 })
    await count(90, { completed: 10, type: 'cleanup-old-data' })
    await count(3 * 24 * 60, { completed: 100 })
    await sample(1, 6)

    const { from, to, queues } = await views.jobMetrics({ from: ago(10), to: ago(0) })

    expect([from, to]).toEqual([new Date('2030-06-15T11:50:00Z'), new Date('2030-06-15T12:01:00Z')])
    expect(queues.map(({ queue }) => queue)).toEqual(['money', 'decisions', 'communication', 'background'])
    const figures = { added: 4, processed: 4, failed: 1, avgProcessTimeMs: 200 }
    expect(queues[3]).toMatchObject({
      ...{ ...figures, depthMax: 6, oldestWaitingSecondsMax: 12 },
      types: [{ type: 'analytics-track', ...figures }],
    })
    expect(queues[0]).toMatchObject({ processed: 0, avgProcessTimeMs: null, depthMax: null, types: [] })
    expect(await queues[3]!.throughput()).toEqual({ last1h: 4, last24h: 14, last7d: 114 })
  })

  it('of more than a day are sums of whole hours', async () => {
    await count(3 * 24 * 60, { completed: 100 })

    const { from, to, queues } = await views.jobMetrics({ from: ago(3 * 24 * 60 - 20), to: ago(0) })

    expect([from, to]).toEqual([new Date('2030-06-12T12:00:00Z'), new Date('2030-06-15T13:00:00Z')])
    expect(queues[3]!.processed).toBe(100)
  })
})

it('failures are grouped by type and reason, the most frequent first', async () => {
  await count(1, { failed: 1, type: 'cleanup-old-data' })
  await count(5, { failed: 2 })
  await count(65, { failed: 3 })
  await count(200, { failed: 9 })

  const groups = await views.failures({ from: ago(120), to: ago(0) })

  expect(groups).toEqual([
    {
      ...{ queue: 'background', type: 'analytics-track', code: 'JOB_TIMED_OUT', count: 5, lastAt: ago(5) },
      hours: [
        { at: new Date('2030-06-15T10:00:00Z'), count: 3 },
        { at: new Date('2030-06-15T11:00:00Z'), count: 2 },
      ],
    },
    {
      ...{ queue: 'background', type: 'cleanup-old-data', code: 'JOB_TIMED_OUT', count: 1, lastAt: ago(1) },
      hours: [{ at: new Date('2030-06-15T11:00:00Z'), count: 1 }],
    },
  ])
})

it.for([
  [0, 'must be after from'],
  [-1, 'must be after from'],
  [30 * 24 * 60 + 1, 'must be at most 30 days after from'],
] as const)('a range of %s minutes is refused', async ([minutes, message]) => {
  const range = { from: ago(minutes), to: NOW }

  await expect(views.jobMetrics(range)).rejects.toThrow(message)
  await expect(views.failures(range)).rejects.toThrow(message)
})

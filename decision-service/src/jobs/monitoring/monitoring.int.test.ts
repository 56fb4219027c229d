import { createOutbox } from '@redress/shared/events/outbox.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { ADA, openJobBed } from '../../../test/job-bed.ts'
import { QUEUE_NAMES } from '../frame/queues.ts'
import { createSampleLimits } from '../limits/limit-samples.ts'
import { createLimitViews } from '../limits/limit-views.ts'
import { PROVIDER_NAMES, PROVIDERS } from '../limits/providers.ts'
import { createRedisCounts } from '../limits/redis-counts.ts'
import { createJobCounts } from './job-counts.ts'
import { createJudgeReadings } from './mongo-queue-alerts.ts'
import { createMongoQueueMetrics } from './mongo-queue-metrics.ts'
import { createMonitorQueues } from './monitor-queues.ts'
import { createStoreCounts, openJobCounts, toJobMetrics } from './open-job-counts.ts'
import { CALM_MS } from './queue-alert.ts'
import { createQueueViews } from './queue-views.ts'
import { createReadAway } from './read-away.ts'
import { THRESHOLDS } from './thresholds.ts'

const bed = await openJobBed(39)
const { mongo, db, redis, collections, queues, addJobs } = bed
const metrics = createMongoQueueMetrics(collections.queueMetrics)
beforeEach(async () => {
  await redis.flushDb()
  for (const name of ['queueMetrics', 'queueAlerts', 'outbox', 'jobRecords'] as const)
    await collections[name].deleteMany({})
})

/** The monitor of one process. */
const openMonitor = (mayWrite = () => true) =>
  createMonitorQueues({
    ...{ queues, metrics, logger: silent, views: createQueueViews(queues) },
    judge: createJudgeReadings({
      ...{ mongo, collection: collections.queueAlerts, outbox: createOutbox(db, () => {}), mayWrite },
      thresholds: { ...THRESHOLDS, money: { ...THRESHOLDS.money, QUEUE_DEPTH: 2 } },
    }),
  })
const addMoney = (count: number, delayMs = 0) =>
  addJobs(
    Array.from({ length: count }, (_, index) => ({ type: 'count-critical', data: { key: `k${index}` }, delayMs })),
    { ...ADA, stopOnError: false, validateAll: false },
  )
const alerts = async () => (await outboxEvents(db)).map(({ type, data }) => [type, (data as { value: number }).value])
const after = (ms: number) => new Date(Date.now() + ms)

describe('a queue over its threshold', () => {
  it('raises one alert, by however many leaders and however often it is seen', async () => {
    await addMoney(3)
    const all = Array.from({ length: 4 }, () => openMonitor())

    await Promise.all(all.map((monitor) => monitor(after(0))))
    for (const monitor of all) await monitor(after(30_000))

    expect(await alerts()).toEqual([['alert.raised', 3]])
  })

  it('is resolved once by them, and is another cause after that', async () => {
    await addMoney(3)
    const [one, other] = [openMonitor(), openMonitor()]
    await one(after(0))
    await queues.money.use((queue) => queue.drain())

    await other(after(1_000))
    await Promise.all([one(after(1_000 + CALM_MS)), other(after(1_000 + CALM_MS))])
    await addMoney(4)
    await other(after(CALM_MS + 2_000))

    expect(await alerts()).toEqual([
      ['alert.raised', 3],
      ['alert.resolved', 0],
      ['alert.raised', 4],
    ])
  })

  it('raises none by a process that leads no longer', async () => {
    await addMoney(3)

    await openMonitor(() => false)(after(0))

    expect(await alerts()).toEqual([])
  })
})

it('a Redis that is away for long raises one alert for all of its queues, by however many processes, until it is back', async () => {
  const own = { isReady: false }
  const away = Object.fromEntries(QUEUE_NAMES.map((name) => [name, { ...queues[name], redis: own }])) as never
  const outbox = createOutbox(db, () => {})
  const processes = Array.from({ length: 3 }, () => {
    const shared = { mongo, collection: collections.queueAlerts, outbox, thresholds: THRESHOLDS, mayWrite: () => true }
    const [judge, readAway] = [createJudgeReadings(shared), createReadAway(away)]
    return (ms: number) => judge(readAway(after(ms)), after(ms))
  })
  const lookAll = (ms: number) => Promise.all(processes.map((look) => look(ms)))

  for (const ms of [0, 15_000, 30_000, 45_000]) await lookAll(ms)
  own.isReady = true
  for (const ms of [60_000, 61_000 + CALM_MS]) await lookAll(ms)

  expect(await alerts()).toEqual([
    ['alert.raised', 30],
    ['alert.resolved', 0],
  ])
  const [raised] = await outboxEvents(db)
  expect(raised).toMatchObject({ entity: { type: 'Queue', id: 'money' }, data: { type: 'QUEUE_AWAY' } })
})

it('a job that was ordered for later does not wait, one that waits for its next attempt does', async () => {
  await addMoney(3, 3_600_000)
  await openMonitor()(after(0))
  expect(await alerts()).toEqual([])

  await addMoney(3, 60_000)
  await openMonitor()(after(0))
  expect(await alerts()).toEqual([['alert.raised', 3]])
})

it('the age of a job that was scheduled begins with its moment', async () => {
  await addMoney(1, 3_600_000)
  await bed.promote()

  const [money] = await createQueueViews(queues).all()

  expect(money).toMatchObject({ counts: { waiting: 1 }, oldestWaitingSeconds: 0 })
})

it('failed jobs of the last hour raise an alert, whichever worker counted them', async () => {
  const fail = async (times: number, now: Date) => {
    const counts = createJobCounts()
    const { failed } = toJobMetrics(counts)({ queue: 'money', type: 'count-critical' })
    for (let time = 0; time < times; time++) failed('JOB_TIMED_OUT')
    failed('JOB_CANCELLED')
    await createStoreCounts(counts, metrics)(now)
  }
  await fail(9, after(-3_700_000))
  await fail(5, after(-1_800_000))
  await fail(5, after(0))
  await openMonitor()(after(0))
  expect(await alerts()).toEqual([])

  await fail(1, after(0))
  await openMonitor()(after(0))

  expect(await alerts()).toEqual([['alert.raised', 11]])
})

it('jobs that are added are counted, and stored when their process ends', async () => {
  const resources = new AsyncDisposableStack()
  openJobCounts({ queues, metrics, logger: silent, resources })
  await addMoney(2)

  await resources.disposeAsync()

  const found = await collections.queueMetrics.find().toArray()
  expect(found.map(({ queues: stored }) => stored?.money?.types)).toEqual([
    { 'count-critical': { added: 2 } },
    { 'count-critical': { added: 2 } },
  ])
})

it('counts that could not be stored are stored the next time', async () => {
  const counts = createJobCounts()
  const { completed, failed, attempted } = toJobMetrics(counts)({ queue: 'money', type: 'count-critical' })
  failed('JOB_TIMED_OUT')
  const fails = createStoreCounts(counts, { addCounts: () => Promise.reject(new Error('away')) })
  await expect(fails(after(0))).rejects.toThrow('away')
  completed(250)
  attempted(250)

  await createStoreCounts(counts, metrics)(after(0))

  const found = await collections.queueMetrics.find().sort({ _id: 1 }).toArray()
  const counted = {
    ...{ completed: 1, failed: 1, busyMs: 250 },
    failures: { JOB_TIMED_OUT: { count: 1, lastAt: expect.any(Date) } },
  }
  expect(found.map(({ queues: stored }) => stored?.money?.types?.['count-critical'])).toEqual([
    { ...counted, durations: { 16: 1 } },
    counted,
  ])
})

it('a sample of the limits of providers has what Redis counts, and the stops', async () => {
  const stripe = { target: 'stripe:refunds', stop: {} } as never
  const counts = createRedisCounts({ redis, figures: PROVIDERS })
  const views = createLimitViews({ figures: PROVIDERS, switches: { stopped: async () => [stripe] }, counts })

  await createSampleLimits(views, collections.limitSamples)(after(0))

  const [sample] = await collections.limitSamples.find().toArray()
  expect(sample?.providers.map(({ provider }) => provider)).toEqual(PROVIDER_NAMES)
  expect(sample?.providers[0]).toEqual({
    ...{ provider: 'stripe', tokens: expect.any(Number), concurrent: 0, waitMs: expect.any(Number) },
    ...{ breakerOpen: false, stopped: ['stripe:refunds'] },
  })
})

it('samples are deleted after the time that they are kept for', async () => {
  const expiries = async (name: 'queueMetrics' | 'limitSamples') =>
    (await collections[name].indexes()).flatMap(({ expireAfterSeconds = null }) => expireAfterSeconds ?? [])

  expect([await expiries('queueMetrics'), await expiries('limitSamples')]).toEqual([[2_592_000], [604_800]])
})

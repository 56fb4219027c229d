import { createOutbox } from '@redress/shared/events/outbox.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { ADA, COUNTING, openJobBed } from '../../../test/job-bed.ts'
import { openQueue } from '../frame/open-queue.ts'
import { QUEUES } from '../frame/queues.ts'
import { createQueueEpochs } from './queue-epochs.ts'
import { createRecoverRecords } from './recover-records.ts'

const bed = await openJobBed(57)
const { addJob, addJobs, collections, db, queues, redis } = bed
const inTwoMinutes = () => new Date(Date.now() + 120_000)
const outbox = createOutbox(db, () => {})
const shared = { ...bed, collection: collections.jobRecords, outbox, windowHours: 24 }
const recoverAt = (now: () => Date) => createRecoverRecords({ ...shared, now })
const recover = recoverAt(inTwoMinutes)

beforeEach(async () => {
  await redis.flushDb()
  await collections.jobRecords.deleteMany({})
})

const order = (key: string, priority: number) => ({ type: 'count-critical', data: { key }, priority })

it('queues jobs again that Redis has lost, with their ids, priorities and delays', async () => {
  const { jobs } = await addJobs([order('a', 1), order('b', 10)], ADA)
  const { job: later } = await addJob({ ...order('c', 5), delayMs: 600_000 }, ADA)
  await redis.flushDb()

  expect(await recoverAt(() => new Date(Date.now() + 900_000))()).toBe(3)

  const stored = await Promise.all(
    [...jobs.map(({ job }) => job), later].map(({ id }) => queues.money.use((queue) => queue.getJob(id))),
  )
  expect(stored.map((job) => job?.opts.priority)).toEqual([10, 1, 6])
  expect(await stored[2]?.getState()).toBe('delayed')
})

it('queues a job that is scheduled for later, at once where all are looked up', async () => {
  const { job } = await addJob({ ...order('later', 5), delayMs: 600_000 }, ADA)
  await redis.flushDb()

  expect(await recoverAt(() => new Date())({ all: true })).toBe(1)

  expect(await queues.money.use((queue) => queue.getJobState(job.id))).toBe('delayed')
})

it('queues a job within half a minute whose adder died before it was queued', async () => {
  await addJob(order('unqueued', 5), ADA)
  await redis.flushDb()

  // A round begins every ten seconds.
  expect(await recoverAt(() => new Date(Date.now() + 20_000))()).toBe(1)
})

it('leaves alone what is queued, what has ended, and what is not due yet', async () => {
  const { job: ended } = await addJob(order('a', 5), ADA)
  await bed.records.fail(ended, { code: 'JOB_TIMED_OUT', message: 'no' }, new Date())
  await addJob({ ...order('b', 5), delayMs: 600_000 }, ADA)
  await redis.flushDb()
  await addJob(order('c', 5), ADA)

  expect([await recoverAt(() => new Date())(), await recover()]).toEqual([0, 0])
})

it('leaves a job alone that waits for its next attempt as long as its type says', async () => {
  const registry = { ...COUNTING, 'count-critical': { ...COUNTING['count-critical'], retry: QUEUES.money.retry } }
  const money = openQueue('money', { redis, registry, logger: silent })
  onTestFinished(() => money.close())
  const job = { id: 'job_money_1', type: 'count-critical', data: {} }
  await money.add([{ ...job, dueAt: new Date(Date.now() + 500_000) }])

  expect(await money.revive([job])).toBe(0)
})

it('queues a job again that has ended in the queue and not on record', async () => {
  const { job } = await addJob(order('a', 5), ADA)
  const worker = await bed.work(async () => null)
  await expect.poll(() => bed.statusOf(job.id)).toBe('COMPLETED')
  await expect.poll(() => queues.money.use((queue) => queue.getCompletedCount())).toBe(1)
  await worker.close()
  await collections.jobRecords.updateOne({ _id: job.id }, { $set: { status: 'PENDING', dueAt: new Date() } })

  expect(await recover()).toBe(1)
})

it('fails a lost job that was due before the window, and raises one alert for all that it finds', async () => {
  const { jobs } = await addJobs([order('a', 5), order('b', 5)], ADA)
  await redis.flushDb()
  const { job: waiting } = await addJob(order('c', 5), ADA)
  const nextWeek = () => new Date(Date.now() + 7 * 86_400_000)

  expect([await recoverAt(nextWeek)(), await recoverAt(nextWeek)()]).toEqual([0, 0])

  const lost = await bed.records.find(jobs[0]!.job.id)
  expect(lost).toMatchObject({ status: 'FAILED', attempts: 0, failure: { code: 'JOB_LOST' } })
  expect(await bed.statusOf(waiting.id)).toBe('PENDING')
  const alerts = (await outboxEvents(db)).filter(({ type }) => type === 'alert.raised')
  expect(alerts.map(({ data }) => data)).toMatchObject([{ type: 'JOBS_LOST', severity: 'CRITICAL' }])
  const failed = bed.changes.filter(({ status }) => status === 'FAILED')
  expect(failed.map(({ id, actor }) => [id, actor]).sort()).toEqual(jobs.map(({ job }) => [job.id, 'ada']).sort())
})

it('recovers the jobs of one queue although the Redis of another one is away', async () => {
  await addJobs([order('a', 5), { type: 'count-in-background', data: { key: 'b' } }], ADA)
  await redis.flushDb()
  const away = { ...queues.money, revive: () => Promise.reject(new Error('away')) }
  const partly = createRecoverRecords({ ...shared, queues: { ...queues, money: away }, now: inTwoMinutes })

  await expect(partly()).rejects.toThrow('away')

  expect(await queues.background.use((queue) => queue.getJobCountByTypes('prioritized'))).toBe(1)
})

it('notices a Redis that was emptied, and one that is another run', async () => {
  const epochs = createQueueEpochs({ queues, collection: collections.queueEpochs, logger: silent })
  const looks = async () => {
    const changes = await epochs.findChanged()
    await epochs.note(changes)
    return changes.map(({ queue }) => queue)
  }

  const first = await looks()
  const unchanged = await looks()
  await redis.flushDb()
  const emptied = await looks()
  await collections.queueEpochs.updateOne({ _id: 'money' }, { $set: { run: 'another' } })
  const another = await looks()

  expect([first, unchanged, emptied, another, await looks()]).toEqual([['money'], [], ['money'], ['money'], []])
})

import { beforeEach, expect, it } from 'vitest'
import { ADA, openJobBed } from '../../../test/job-bed.ts'
import { createRecoverRecords } from './recover-records.ts'

const bed = await openJobBed(57)
const { addJob, addJobs, collections, queues, redis } = bed
const inTwoMinutes = () => new Date(Date.now() + 120_000)
const recoverAt = (now: () => Date) => createRecoverRecords({ collection: collections.jobRecords, queues, now })
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

it('leaves alone what is queued, what has ended, and what is not due yet', async () => {
  const { job: ended } = await addJob(order('a', 5), ADA)
  await bed.records.fail(ended, { code: 'JOB_TIMED_OUT', message: 'no' }, new Date())
  await addJob({ ...order('b', 5), delayMs: 600_000 }, ADA)
  await redis.flushDb()
  await addJob(order('c', 5), ADA)

  expect([await recoverAt(() => new Date())(), await recover()]).toEqual([0, 0])
})

it('queues a job again that has ended in the queue and not on record', async () => {
  const { job } = await addJob(order('a', 5), ADA)
  const worker = await bed.work(async () => null)
  await expect.poll(() => bed.statusOf(job.id)).toBe('COMPLETED')
  await expect.poll(() => queues.money.use((queue) => queue.getCompletedCount())).toBe(1)
  await worker.close()
  await collections.jobRecords.updateOne({ _id: job.id }, { $set: { status: 'PENDING', dueAt: new Date(0) } })

  expect(await recover()).toBe(1)
})

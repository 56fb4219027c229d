import { STREAMS } from '@redress/shared/events/envelope.ts'
import { connectTestRedis, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import type { JobChange } from '../processors/job-change.ts'
import { openJobFeed } from './job-feed.ts'
import { createQueueWatch } from './queue-watch.ts'

const NUMBER = 48
const redis = await openTestRedis(NUMBER)
beforeEach(() => redis.flushDb())

const change = (id: string, rest: Partial<JobChange> = {}): JobChange => ({
  ...{ id, type: 'analytics-track', queue: 'background', actor: 'ada', status: 'PROCESSING' },
  ...rest,
})
const read = async () => {
  const entries = (await redis.xRange(STREAMS.jobs, '-', '+')) ?? []
  return entries.map(({ message }) => ({ epoch: message.epoch, ...JSON.parse(message.event!) }))
}

it('publishes changes in their order, with what subscribers filter by and see', async () => {
  const feed = openJobFeed({ redis, logger: silent })

  feed.job(change('job_1', { progress: 40 }))
  feed.job(
    change('job_2', { status: 'PENDING', isDelayed: true, failure: { code: 'JOB_TIMED_OUT', message: 'Slow.' } }),
  )
  feed.job(change('job_3', { status: 'COMPLETED' }))
  await feed.close()

  const job = { jobType: 'analytics-track', queue: 'background', addedBy: 'ada', failure: null }
  expect(await read()).toMatchObject([
    { type: 'job.updated', entity: { type: 'Job', id: 'job_1' }, data: { ...job, state: 'ACTIVE', progress: 40 } },
    { data: { ...job, state: 'DELAYED', failure: 'JOB_TIMED_OUT: Slow.' } },
    { data: { ...job, state: 'COMPLETED', progress: 100 } },
  ])
})

it('publishes only the last of the changes of a job within a moment, behind those before it', async () => {
  const feed = openJobFeed({ redis, logger: silent })

  feed.job(change('job_1'))
  feed.job(change('job_2'))
  feed.job(change('job_1', { status: 'COMPLETED' }))
  await feed.close()

  expect(await read()).toMatchObject([
    { entity: { id: 'job_2' }, data: { state: 'ACTIVE' } },
    { entity: { id: 'job_1' }, data: { state: 'COMPLETED' } },
  ])
})

it('neither waits nor fails while Redis is away, and publishes what waited once it is back', async () => {
  const own = await connectTestRedis(NUMBER)
  onTestFinished(() => own.destroy())
  own.destroy()
  const feed = openJobFeed({ redis: own, logger: silent })
  onTestFinished(() => feed.close())

  feed.job(change('job_1'))
  await own.connect()

  await expect.poll(read).toMatchObject([{ entity: { id: 'job_1' } }])
})

it('begins a new epoch where changes were lost, so that subscribers know it', async () => {
  const warnings: unknown[] = []
  const logger = Object.assign(Object.create(silent), { warn: (facts: unknown) => void warnings.push(facts) })
  const feed = openJobFeed({ redis, logger })
  onTestFinished(() => feed.close())
  feed.job(change('job_1'))
  await expect.poll(read).toHaveLength(1)
  const [{ epoch }] = (await read()) as [{ epoch: string }]
  // A key of another type makes the command fail.
  await redis.set(STREAMS.jobs, 'x')

  feed.job(change('lost'))
  await expect.poll(() => warnings.length).toBeGreaterThan(0)
  await redis.del(STREAMS.jobs)
  feed.job(change('job_2'))

  await expect.poll(read).toMatchObject([{ entity: { id: 'job_2' }, epoch: expect.not.stringMatching(`^${epoch}$`) }])
})

it('a queue is published where it has changed, and after an act', async () => {
  const counts = { waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0 }
  let paused = false
  const state = async () => ({ paused, counts })
  const published: unknown[] = []
  const watch = createQueueWatch({
    read: async (name) => (name === 'money' ? state() : null),
    feed: { queue: (queue) => void published.push(queue) },
  })

  await watch.publishChanged()
  await watch.publishChanged()
  paused = true
  await watch.publish('money')
  await watch.publish('background')

  expect(published).toEqual([
    { name: 'money', paused: false, counts },
    { name: 'money', paused: true, counts },
  ])
})

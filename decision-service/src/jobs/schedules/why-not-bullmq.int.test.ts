import { connectTestRedis, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { expect, it, onTestFinished } from 'vitest'
import { openQueue } from '../frame/open-queue.ts'

/** Why schedules are not BullMQ's: where one of these begins to fail, it may be time to use them. */
const DATABASE = 27
await openTestRedis(DATABASE)

async function openSchedulers() {
  const redis = await connectTestRedis(DATABASE)
  const queue = openQueue('background', { redis, logger: silent })
  onTestFinished(async () => {
    await queue.close()
    redis.destroy()
  })
  return { redis, queue }
}

it('a schedule of BullMQ is gone with its Redis, without an error', async () => {
  const { redis, queue } = await openSchedulers()
  const names = () => queue.use(async (bullmq) => (await bullmq.getJobSchedulers()).map(({ key }) => key))
  await queue.use((bullmq) => bullmq.upsertJobScheduler('nightly', { pattern: '0 2 * * *', tz: 'UTC' }))
  expect(await names()).toEqual(['nightly'])

  await redis.flushDb()

  expect(await names()).toEqual([])
  expect(await queue.use((bullmq) => bullmq.getJobCountByTypes('delayed', 'wait', 'prioritized'))).toBe(0)
})

it('a schedule of BullMQ has one tick at a time: those of a time without workers are not run', async () => {
  const { queue } = await openSchedulers()
  const everyMs = 10
  const startedAt = Date.now()
  await queue.use((bullmq) => bullmq.upsertJobScheduler('often', { every: everyMs }))

  await expect.poll(() => Date.now() - startedAt, { interval: everyMs }).toBeGreaterThan(10 * everyMs)

  expect(await queue.use((bullmq) => bullmq.getJobCountByTypes('delayed', 'wait', 'prioritized'))).toBe(1)
})

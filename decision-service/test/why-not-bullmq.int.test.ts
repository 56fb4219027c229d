import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRedis } from '@redress/shared/stores/redis.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { FlowProducer } from 'bullmq'
import { afterAll, expect, it } from 'vitest'
import { startRedisServer } from '../../scripts/faults/system/redis-server.ts'
import { connectionOf } from '../src/jobs/frame/bullmq.ts'
import { openQueue } from '../src/jobs/frame/open-queue.ts'

/*
 * Why schedules and flows are not those of BullMQ. Where one of these begins to fail, it may be time to use them.
 */
const directory = mkdtempSync(join(tmpdir(), 'redress-test-'))
const server = await startRedisServer(directory, () => {})
const redis = await connectRedis(server.url, { name: 'test', logger: silent })
const queue = openQueue('background', { redis, logger: silent })
afterAll(async () => {
  await queue.close()
  redis.destroy()
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
})
const waiting = () => queue.use((bullmq) => bullmq.getJobCountByTypes('delayed', 'wait', 'prioritized'))

it('a schedule of BullMQ has one tick at a time: those of a time without workers are not run', async () => {
  const anHourAgo = new Date(Date.now() - 3_600_000)

  await queue.use((bullmq) => bullmq.upsertJobScheduler('often', { every: 60_000, startDate: anHourAgo }))

  expect(await waiting()).toBe(1)
})

it('a schedule of BullMQ is gone with the data of its Redis, without an error', async () => {
  const names = () => queue.use(async (bullmq) => (await bullmq.getJobSchedulers()).map(({ key }) => key))
  await queue.use((bullmq) => bullmq.upsertJobScheduler('nightly', { pattern: '0 2 * * *', tz: 'UTC' }))
  expect(await names()).toContain('nightly')

  await redis.flushDb()

  expect([await names(), await waiting()]).toEqual([[], 0])
})

it('a flow of BullMQ cannot be added any more once Redis has started again, but single jobs can', async () => {
  const producer = new FlowProducer({ connection: connectionOf(redis) })
  producer.on('error', () => {})
  const child = { name: 'cleanup-old-data', queueName: 'background', data: {} }
  const add = () => producer.add({ ...child, children: [child] })
  await add()

  await server.whileDown(() => {})
  await expect.poll(() => redis.isReady).toBe(true)

  // A transaction of cached scripts: the new process has none, and nothing loads them again.
  for (let times = 0; times < 3; times++) await expect(add()).rejects.toThrow(/NOSCRIPT|commands failed/)
  await queue.add([{ id: 'single', type: 'cleanup-old-data', data: {} }])
  expect(await queue.use((bullmq) => bullmq.getJobState('single'))).toBe('prioritized')
  await producer.close()
})

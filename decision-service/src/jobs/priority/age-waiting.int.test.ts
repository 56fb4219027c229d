import { openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { UnrecoverableError, Worker } from 'bullmq'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { connectionOf } from '../frame/bullmq.ts'
import { openQueue } from '../frame/open-queue.ts'
import { findOldestQueued } from '../monitoring/oldest-queued.ts'
import { createAgeWaiting } from './age-waiting.ts'

const redis = await openTestRedis(46)
const queue = openQueue('background', { redis, logger: silent })
const worker = new Worker('background', null, { connection: connectionOf(redis), autorun: false })
afterAll(async () => {
  await worker.close()
  await queue.close()
})
beforeEach(() => redis.flushDb())

const RISE_MS = 60_000
const age = createAgeWaiting({ queue, riseEveryMs: RISE_MS })
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * RISE_MS + 1_000)
const add = (id: string, priority: number) => queue.add([{ id, type: 'analytics-track', data: {}, priority }])
/** Runs the next job. */
const serve = async (): Promise<string | null> => {
  const job = await worker.getNextJob('token', { block: false })
  await job?.moveToCompleted(null, 'token', false)
  return job?.id ?? null
}
const serveAll = async () => {
  const served: string[] = []
  for (let id = await serve(); id !== null; id = await serve()) served.push(id)
  return served
}

describe('a job that waits', () => {
  it('rises by one level for each interval, and is before all that come to its level later', async () => {
    await add('low', 1)
    await add('urgent', 10)
    await add('before', 3)

    await age(inMinutes(2))
    await add('after', 3)

    expect(await serveAll()).toEqual(['urgent', 'before', 'low', 'after'])
  })

  it('stays where it is before the interval is over, and while nothing is more urgent', async () => {
    await add('low', 1)
    await add('lower', 1)
    expect(await age(inMinutes(30))).toBe(0)

    await add('urgent', 10)
    expect(await age(inMinutes(0))).toBe(0)
    expect(await age(inMinutes(1))).toBe(2)
  })
})

it('a job that is opened again waits since then', async () => {
  const job = { id: 'again', type: 'generate-report', data: {} }
  await queue.add([job])
  await (await worker.getNextJob('token', { block: false }))?.moveToFailed(new UnrecoverableError('no'), 'token')
  await queue.use((bull) => redis.hSet(bull.toKey('again'), 'timestamp', 1_000))
  const before = Date.now()

  expect(await queue.revive([job])).toBe(1)

  const oldest = await queue.use((bull) => findOldestQueued(redis, bull))
  expect(oldest?.getTime()).toBeGreaterThanOrEqual(before)
  await serveAll()
  expect(await queue.use((bull) => findOldestQueued(redis, bull))).toBeNull()
})

it('no flow of urgent jobs keeps another one for ever, and each job runs once', async () => {
  const flow = fc.array(fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 3 }), {
    minLength: 40,
    maxLength: 40,
  })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9 }), flow, async (priority, minutes) => {
      await redis.flushDb()
      await add('waits', priority)
      const added = ['waits']
      const served: string[] = []
      for (const [minute, priorities] of minutes.entries()) {
        // One more than can be run, and always one of the most urgent.
        for (const [index, one] of [10, ...priorities].entries()) {
          added.push(`job-${minute}-${index}`)
          await add(added.at(-1)!, one)
        }
        await age(inMinutes(minute))
        served.push((await serve())!, (await serve())!)
      }
      expect(served).toContain('waits')
      expect([...served, ...(await serveAll())].sort()).toEqual(added.sort())
    }),
    { numRuns: 3 },
  )
})

import { once } from 'node:events'
import { openRedis, type Redis } from '@redress/shared/stores/redis.ts'
import { openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { describe, expect, it, onTestFinished } from 'vitest'
import { relayToRedis } from '../../../test/relay.ts'
import { connectionOf } from './bullmq.ts'
import type { Attempt } from './job-handler.ts'
import { openQueue } from './open-queue.ts'
import { startWorker } from './start-worker.ts'

const DATABASE = 26
const redis = await openTestRedis(DATABASE)

const nothing = async () => undefined

describe('a queue and its worker', () => {
  it('work although Redis went away at the first command of each connection', async () => {
    const relay = await relayToRedis(DATABASE, { cuts: 4 })
    const own = openRedis(relay.url, { name: 'test', logger: silent })
    onTestFinished(() => own.destroy())
    const decided: string[] = []
    const run = async ({ jobId }: { jobId: string }) => {
      decided.push(jobId)
      return 'done' as const
    }
    const worker = startWorker('decisions', {
      handlers: { 'decide-issue': { run, giveUp: nothing, noteHeld: nothing } },
      redis: own,
      logger: silent,
    })
    const queue = openQueue('decisions', { redis: own, logger: silent })
    onTestFinished(async () => {
      await Promise.all([worker.close(), queue.close()])
    })

    await expect
      .poll(() =>
        queue.add([{ id: 'decide-1', type: 'decide-issue', data: { jobId: 'decide-1' } }]).then(
          () => 'added',
          () => 'away',
        ),
      )
      .toBe('added')

    await expect.poll(() => decided).toEqual(['decide-1'])
    expect(relay.cutsLeft()).toBeLessThanOrEqual(0)
  })

  it('close although Redis ends at the same moment, as when every process is stopped at once', async () => {
    const relay = await relayToRedis(DATABASE)
    const own = openRedis(relay.url, { name: 'test', logger: silent })
    onTestFinished(() => own.destroy())
    const begun = Promise.withResolvers<void>()
    const run = async (_data: unknown, { stop }: Attempt) => {
      begun.resolve()
      await once(stop.signal, 'abort')
      relay.end()
      return 'again' as const
    }
    const handlers = { 'decide-issue': { run, giveUp: nothing, noteHeld: nothing } }
    const worker = startWorker('decisions', { handlers, redis: own, logger: silent })
    const queue = openQueue('decisions', { redis: own, logger: silent })
    await expect.poll(() => own.isReady).toBe(true)
    await queue.add([{ id: 'decide-2', type: 'decide-issue', data: { jobId: 'decide-2' } }])
    await begun.promise

    await expect(Promise.all([worker.close(), queue.close()])).resolves.toBeDefined()
  })

  it('close before they were ever ready', async () => {
    const relay = await relayToRedis(DATABASE, { cuts: Number.POSITIVE_INFINITY })
    const own = openRedis(relay.url, { name: 'test', logger: silent })
    onTestFinished(() => own.destroy())
    const handlers = { 'decide-issue': { run: async () => 'done' as const, giveUp: nothing, noteHeld: nothing } }
    const worker = startWorker('decisions', { handlers, redis: own, logger: silent })
    const queue = openQueue('decisions', { redis: own, logger: silent })
    const added = queue.add([{ id: 'decide-1', type: 'decide-issue', data: { jobId: 'decide-1' } }])
    added.catch(() => undefined)

    await Promise.all([worker.close(), queue.close()])

    await expect(added).rejects.toThrow()
  })
})

describe('a queue', () => {
  it('keeps no events of BullMQ, which nothing reads', async () => {
    await redis.flushDb()
    const done: string[] = []
    const run = async (_data: unknown, { jobId }: Attempt) => {
      done.push(jobId)
      return 'done' as const
    }
    const handlers = { 'decide-issue': { run, giveUp: nothing, noteHeld: nothing } }
    const worker = startWorker('decisions', { handlers, redis, logger: silent })
    const queue = openQueue('decisions', { redis, logger: silent })
    onTestFinished(async () => {
      await Promise.all([worker.close(), queue.close()])
    })

    const ids = ['decide-quiet-1', 'decide-quiet-2']
    await queue.add(ids.map((id) => ({ id, type: 'decide-issue', data: { jobId: id } })))

    await expect.poll(() => done.toSorted()).toEqual(ids)
    await expect.poll(() => queue.use((one) => one.getActiveCount())).toBe(0)
    expect(await queue.use((one) => redis.exists(one.toKey('events')))).toBe(0)
  })

  it('refuses at once while Redis is away, so that nothing waits for it', async () => {
    const own = openRedis('redis://127.0.0.1:1', { name: 'test', logger: silent })
    onTestFinished(() => own.destroy())
    const queue = openQueue('decisions', { redis: own, logger: silent })
    onTestFinished(() => queue.close())
    const jobs = [{ id: 'decide-1', type: 'decide-issue', data: { jobId: 'decide-1' } }] as const

    const outcomes = await Promise.allSettled([queue.add(jobs), queue.revive(jobs), queue.use((one) => one.isPaused())])

    const refused = { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } }
    expect(outcomes).toMatchObject([refused, refused, refused])
  })
})

describe('a script of BullMQ', () => {
  it('that the client refuses without sending it leaves the process to its other work before it fails', async () => {
    const refused = new Error('The queue is full')
    const client: Redis = new Proxy(redis, {
      get(target, key) {
        if (key === 'evalSha') return () => Promise.reject(refused)
        return key === 'withCommandOptions' ? () => client : Reflect.get(target, key, target)
      },
    })
    const connection = connectionOf(client)
    connection.defineCommand('refused', { numberOfKeys: 0, lua: 'return 1' })
    let turns = 0
    setImmediate(() => turns++)

    await expect(connection.runCommand('refused', [])).rejects.toBe(refused)

    expect(turns).toBe(1)
  })
})

import { randomUUID } from 'node:crypto'
import { connectTestRedis, openTestRedis } from '@redress/shared/testing/stores.ts'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createCrashGuard } from './crash-guard.ts'

const REDIS = 34
const redis = await openTestRedis(REDIS)
const crashed = expect.objectContaining({ code: 'JOB_CRASHED', kind: 'refused' })

const openGuard = () => {
  const guard = createCrashGuard({ redis, queue: 'decisions' })
  onTestFinished(() => guard.close())
  return guard
}
beforeEach(() => redis.flushDb())
const takenOver = (id: string = randomUUID()) => ({ id, stalledCounter: 1 })
const keyOf = ({ id }: { id: string }) => `crashes:decisions:${id}`

/** A process that ends while it runs the job for the first time, which leaves no more than the lease of the process. */
const firstCrash = async () => {
  const own = await connectTestRedis(REDIS)
  createCrashGuard({ redis: own, queue: 'decisions', leaseMs: 40 })
  await expect.poll(() => redis.zCard('processes:decisions'), { interval: 5 }).toBe(1)
  own.destroy()
  await expect.poll(() => redis.zCount('processes:decisions', Date.now(), '+inf'), { interval: 5 }).toBe(0)
}

/** A process that ends while it runs the job. Resolves once its lease has expired. */
const crashWith = async (job: ReturnType<typeof takenOver>) => {
  const own = await connectTestRedis(REDIS)
  const before = await redis.zCard(keyOf(job))
  const begun = Promise.withResolvers<void>()
  const guard = createCrashGuard({ redis: own, queue: 'decisions', leaseMs: 40 })
  void guard.run(job, () => {
    begun.resolve()
    return new Promise<never>(() => {})
  })
  await begun.promise
  own.destroy()
  await expect
    .poll(
      async () => {
        const runs = await redis.zRangeWithScores(keyOf(job), 0, -1)
        return runs.every(({ score }) => score < Date.now())
      },
      { interval: 5 },
    )
    .toBe(true)
  expect(await redis.zCard(keyOf(job))).toBeGreaterThan(before)
  // Whether its process was counted before it ended depends on the machine; another job would be blamed for that as well.
  await redis.del('processes:decisions')
}

describe('a job that was taken over', () => {
  it('fails at the third process that ended with it', async () => {
    const job = takenOver()
    await firstCrash()
    await crashWith(job)
    await crashWith(job)

    await expect(openGuard().run(job, async () => 'done')).rejects.toEqual(crashed)
  })

  it('is not blamed for a takeover that no process ended before: Redis was away, or a worker was busy', async () => {
    const job = takenOver()
    await crashWith(job)
    await crashWith(job)

    expect(await openGuard().run(job, async () => 'done')).toBe('done')
  })

  it('runs as long as it did not end three processes', async () => {
    const job = takenOver()
    await firstCrash()
    await crashWith(job)

    expect(await openGuard().run(job, async () => 'done')).toBe('done')
  })

  it('is not blamed for runs that ended, however they did', async () => {
    const job = takenOver()
    const guard = openGuard()

    for (let run = 0; run < 3; run++) {
      await expect(guard.run(job, () => Promise.reject(new Error('away')))).rejects.toThrow('away')
    }

    expect(await guard.run(job, async () => 'done')).toBe('done')
    expect(await redis.exists(keyOf(job))).toBe(0)
  })

  it('runs beside others that were taken over, but not twice', async () => {
    const [here, elsewhere] = [openGuard(), openGuard()]
    const end = Promise.withResolvers<string>()
    const job = takenOver()
    const running = here.run(job, () => end.promise)
    await expect.poll(() => redis.exists(keyOf(job))).toBe(1)

    const outcomes = [
      await here.run(takenOver(), async () => 'done'),
      await here.run(job, async () => 'done'),
      await elsewhere.run(job, async () => 'done'),
    ]

    expect(outcomes).toEqual(['done', null, null])
    end.resolve('done')
    expect(await running).toBe('done')
  })

  it('runs alone before its last chance', async () => {
    const [here, elsewhere] = [openGuard(), openGuard()]
    const end = Promise.withResolvers<string>()
    const [job, other] = [takenOver(), takenOver()]
    for (const one of [job, other, job, other]) await crashWith(one)
    const running = here.run(job, () => end.promise)
    await expect.poll(() => redis.zCard(keyOf(job))).toBe(3)

    const beside = [await here.run(takenOver(), async () => 'done'), await here.run(other, async () => 'done')]
    const joining = await elsewhere.run(takenOver(), () => elsewhere.run(other, async () => 'done'))

    expect([...beside, joining]).toEqual([null, null, null])
    end.resolve('done')
    expect(await running).toBe('done')
    expect(await here.run(other, async () => 'done')).toBe('done')
  })

  it('is not blamed for a run whose beginning got no reply', async () => {
    const job = takenOver()
    const afterReply = (command: 'eval' | 'evalSha') => async (digest: string, options: object) => {
      await redis[command](digest, options)
      throw new Error('no reply')
    }
    const silenced = new Proxy(redis, {
      get: (target, key) => (key === 'eval' || key === 'evalSha' ? afterReply(key) : Reflect.get(target, key, target)),
    })
    const guard = createCrashGuard({ redis: silenced, queue: 'decisions' })

    await expect(guard.run(job, async () => 'done')).rejects.toThrow('no reply')

    expect(await redis.exists(keyOf(job))).toBe(0)
  })

  it('is not blamed for a run that ended while the connection was lost', async () => {
    const job = takenOver()
    const own = await connectTestRedis(REDIS)
    const guard = createCrashGuard({ redis: own, queue: 'decisions' })

    const outcome = await guard.run(job, async () => {
      const { promise: lost, resolve } = Promise.withResolvers<void>()
      own.once('reconnecting', resolve)
      await redis.sendCommand(['CLIENT', 'KILL', 'ID', String(await own.clientId())])
      await lost
      expect(own.isReady).toBe(false)
      return 'done'
    })

    expect(outcome).toBe('done')
    await expect.poll(() => redis.exists(keyOf(job)), { interval: 5 }).toBe(0)
    own.destroy()
  })

  it('is not blamed for a process that was asked to stop', async () => {
    const job = takenOver()
    const guard = openGuard()
    void guard.run(job, () => new Promise<never>(() => {}))
    await expect.poll(() => redis.exists(keyOf(job))).toBe(1)

    await guard.close()

    expect(await redis.exists(keyOf(job))).toBe(0)
  })
})

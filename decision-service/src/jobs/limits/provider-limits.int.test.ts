import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { connectTestRedis, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { toModelFigures } from './limits-config.ts'
import { beginCounting, createProviderLimits } from './provider-limits.ts'
import { PROVIDERS } from './providers.ts'

const REDIS = 17
const redis = await openTestRedis(REDIS)
let prefix: string
beforeEach(() => {
  prefix = `limits-${randomUUID()}`
})

type Change = Readonly<{ redis?: typeof redis; concurrency?: number; perMinute?: number; leaseMs?: number }>
/** The limits of one worker. */
const openLimits = async ({ concurrency = 2, perMinute = 6_000, ...change }: Change = {}) => {
  const own = await connectTestRedis(REDIS)
  onTestFinished(() => own.destroy())
  const figures = { ...PROVIDERS, anthropic: toModelFigures({ concurrency, perMinute }) }
  await beginCounting(redis, prefix)
  const limits = createProviderLimits({ redis: own, prefix, figures, logger: silent, ...change })
  return { acquire: () => limits.acquire('anthropic') }
}
/** As time does, where nothing renews them. A short lease would expire on a busy machine while it is still renewed. */
const expireLeases = async () => {
  const leases = `${prefix}:anthropic:leases`
  for (const value of await redis.zRange(leases, 0, -1)) await redis.zAdd(leases, { score: 1, value })
}
type Acquired = Awaited<ReturnType<Awaited<ReturnType<typeof openLimits>>['acquire']>>
const waitOf = (acquired: Acquired) => ('retryAfterMs' in acquired ? acquired.retryAfterMs : 0)
const release = async (acquired: Acquired) => {
  if ('release' in acquired) await acquired.release()
}

describe('the limits of a provider', () => {
  it('hold for all workers together', async () => {
    const [one, other] = await Promise.all([openLimits(), openLimits()])

    const acquired = [await one.acquire(), await other.acquire(), await one.acquire()]

    expect(acquired.map(waitOf)).toEqual([0, 0, expect.toSatisfy((ms: number) => ms > 0)])
  })

  it('let in the next when one has ended', async () => {
    const limits = await openLimits({ concurrency: 1 })
    const first = await limits.acquire()
    expect(waitOf(await limits.acquire())).toBeGreaterThan(0)

    await release(first)

    await expect.poll(async () => waitOf(await limits.acquire()), { interval: 10 }).toBe(0)
  })

  it('take back the lease of a worker that was killed', async () => {
    const gone = await connectTestRedis(REDIS)
    const killed = await openLimits({ redis: gone, concurrency: 1 })
    const other = await openLimits({ concurrency: 1 })
    await killed.acquire()
    expect(waitOf(await other.acquire())).toBeGreaterThan(0)

    gone.destroy()
    await expireLeases()

    // The bucket has its next token a few milliseconds after the last one.
    await expect.poll(async () => waitOf(await other.acquire()), { interval: 10 }).toBe(0)
  })

  it('let another worker make all its calls, two at a time, although the killed one held every lease', async () => {
    const gone = await connectTestRedis(REDIS)
    const killed = await openLimits({ redis: gone })
    await Promise.all([killed.acquire(), killed.acquire()])
    gone.destroy()
    await expireLeases()
    const limits = await openLimits()
    let running = 0
    let most = 0
    const call = async () => {
      let acquired = await limits.acquire()
      while ('retryAfterMs' in acquired) {
        await pause(Math.min(20, acquired.retryAfterMs))
        acquired = await limits.acquire()
      }
      most = Math.max(most, ++running)
      await pause(1)
      running--
      await acquired.release()
      return 'made'
    }

    const calls = await Promise.all(Array.from({ length: 8 }, call))

    expect([calls.length, most]).toEqual([8, 2])
  })

  it('give a lease for a few seconds only, and renew it while a call runs', async () => {
    const limits = await openLimits()

    await limits.acquire()

    const [lease] = await redis.zRangeWithScores(`${prefix}:anthropic:leases`, 0, -1)
    expect(lease!.score - Date.now()).toBeLessThanOrEqual(4_000)
  })

  it('count the call of a worker that was paused for longer than its lease', async () => {
    const paused = await openLimits({ concurrency: 1, leaseMs: 1_000 })
    const other = await openLimits({ concurrency: 1 })
    const acquired = await paused.acquire()
    const [lease] = await redis.zRange(`${prefix}:anthropic:leases`, 0, -1)

    await redis.del(`${prefix}:anthropic:leases`)

    await expect.poll(() => redis.zRange(`${prefix}:anthropic:leases`, 0, -1), { interval: 10 }).toEqual([lease])
    expect(waitOf(await other.acquire())).toBeGreaterThan(0)
    await release(acquired)
    await expect.poll(async () => waitOf(await other.acquire()), { interval: 10 }).toBe(0)
  })

  it('hold for a minute, and give waiting callers a place in a line', async () => {
    const limits = await openLimits({ perMinute: 4 })
    for (let call = 0; call < 2; call++) await release(await limits.acquire())

    const waits = [await limits.acquire(), await limits.acquire(), await limits.acquire()].map(waitOf)

    // A token every fifteen seconds, a few of which may have gone by.
    const turns = waits.map((ms) => Math.round(ms / 15_000))
    expect(turns).toEqual([1, 2, 3])
  })

  it('never suggest a wait of more than a minute', async () => {
    const limits = await openLimits({ concurrency: 1, perMinute: 1 })
    await limits.acquire()

    const waits = (await Promise.all(Array.from({ length: 20 }, () => limits.acquire()))).map(waitOf)

    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000)
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(30_000)
  })

  it('leave no room while Redis is away, and do not wait for it', async () => {
    const gone = await connectTestRedis(REDIS)
    gone.destroy()
    const limits = await openLimits({ redis: gone })

    expect(waitOf(await limits.acquire())).toBe(2_000)
  })
})

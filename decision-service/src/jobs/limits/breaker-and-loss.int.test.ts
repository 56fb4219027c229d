import { randomUUID } from 'node:crypto'
import { openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Held, Lease } from './ports.ts'
import { type BreakerChange, beginCounting, createProviderLimits, type LimitsOptions } from './provider-limits.ts'
import { PROVIDERS } from './providers.ts'
import type { CallState } from './stop-watch.ts'

const redis = await openTestRedis(59)
let prefix: string
let changes: BreakerChange[]
beforeEach(async () => {
  prefix = `limits-${randomUUID()}`
  changes = []
  await beginCounting(redis, prefix)
})

const OFTEN = { perSecond: 1_000, concurrent: 50, burst: 1_000, cooldownMs: 60_000 }
const RARELY = { ...OFTEN, perSecond: 0.01, burst: 10 }
const openLimits = ({ stripe = OFTEN, ...options }: Partial<LimitsOptions> & { stripe?: typeof OFTEN } = {}) =>
  createProviderLimits({
    redis,
    prefix,
    figures: { ...PROVIDERS, stripe },
    breaker: { failuresMax: 3, openMs: 60_000 },
    onBreaker: (change) => changes.push(change),
    logger: silent,
    ...options,
  })

const leaseOf = (acquired: Lease | Held): Lease => {
  if ('release' in acquired) return acquired
  throw new Error(`held: ${acquired.reason}`)
}
const reasonOf = (acquired: Lease | Held) => ('release' in acquired ? 'granted' : acquired.reason)
const waitOf = (acquired: Lease | Held) => ('release' in acquired ? 0 : acquired.retryAfterMs)
const stateKey = () => `${prefix}:stripe:state`
const fail = async (limits: ReturnType<typeof openLimits>, times: number) => {
  for (let time = 0; time < times; time++) await leaseOf(await limits.acquire('stripe')).release('failed')
}
/** Ends the time for which the breaker stays open. */
const expireBreaker = () => redis.hSet(stateKey(), 'open_until', '1')

describe('the operations of a provider', () => {
  it('share its bucket', async () => {
    const limits = openLimits({ stripe: { ...RARELY, burst: 2 } })
    await limits.acquire('stripe:charges')
    await limits.acquire('stripe:refunds')

    const third = await limits.acquire('stripe:payouts')

    expect(reasonOf(third)).toBe('PROVIDER_RATE_LIMITED')
  })

  it('may take several tokens at once', async () => {
    const limits = openLimits({ stripe: RARELY })

    const acquired = [
      await limits.acquire('stripe', 7),
      await limits.acquire('stripe', 4),
      await limits.acquire('stripe', 3),
    ]

    expect(acquired.map(reasonOf)).toEqual(['granted', 'PROVIDER_RATE_LIMITED', 'granted'])
  })

  it('may not take more than a bucket holds', async () => {
    await expect(openLimits({ stripe: RARELY }).acquire('stripe', 11)).rejects.toThrow(RangeError)
  })
})

describe('a caller who waits', () => {
  it('gets the room that another one gives back', async () => {
    const limits = openLimits({ stripe: { ...OFTEN, concurrent: 1 } })
    const first = leaseOf(await limits.acquire('stripe'))
    const waiting = limits.waitFor('stripe', { withinMs: 60_000 })

    await first.release()

    await (await waiting).release()
  })

  it('is refused by its deadline, by a stable code', async () => {
    const limits = openLimits({ stripe: { ...RARELY, burst: 1 } })
    await limits.acquire('stripe')

    const waiting = limits.waitFor('stripe:refunds', { withinMs: 20 })

    await expect(waiting).rejects.toMatchObject({
      code: 'PROVIDER_RATE_LIMITED',
      message: 'Rate limit timeout for stripe:refunds',
    })
  })

  it('stops waiting when it is aborted', async () => {
    const limits = openLimits({ stripe: { ...RARELY, burst: 1 } })
    await limits.acquire('stripe')
    const controller = new AbortController()
    const waiting = limits.waitFor('stripe', { withinMs: 60_000, signal: controller.signal })

    controller.abort()

    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('the breaker of a provider', () => {
  it('opens for all processes after failures of any of them', async () => {
    const [one, other, third] = [openLimits(), openLimits(), openLimits()]

    await fail(one, 2)
    await fail(other, 1)

    expect(changes).toEqual([{ provider: 'stripe', state: 'open' }])
    expect([await one.acquire('stripe'), await third.acquire('stripe:payouts')].map(reasonOf)).toEqual([
      'PROVIDER_UNAVAILABLE',
      'PROVIDER_UNAVAILABLE',
    ])
    expect(reasonOf(await third.acquire('twilio'))).toBe('granted')
  })

  it('stays closed for a call that says nothing, and for answers', async () => {
    const limits = openLimits()

    for (const outcome of ['ok', undefined, 'ok', undefined] as const) {
      await leaseOf(await limits.acquire('stripe')).release(outcome)
    }

    expect(reasonOf(await limits.acquire('stripe'))).toBe('granted')
  })

  it('lets one call through after a while, of all processes together, and closes if it is answered', async () => {
    const [one, other] = [openLimits(), openLimits()]
    await fail(one, 3)
    await expireBreaker()

    const probe = leaseOf(await one.acquire('stripe'))
    const beside = await other.acquire('stripe')
    await probe.release('ok')

    expect(reasonOf(beside)).toBe('PROVIDER_UNAVAILABLE')
    expect(reasonOf(await other.acquire('stripe'))).toBe('granted')
    expect(changes.map(({ state }) => state)).toEqual(['open', 'closed'])
  })

  it('stays open if that call fails', async () => {
    const limits = openLimits()
    await fail(limits, 3)
    await expireBreaker()

    await fail(limits, 1)

    expect(reasonOf(await limits.acquire('stripe'))).toBe('PROVIDER_UNAVAILABLE')
  })

  it('lets another call through if the process that made it was killed', async () => {
    const limits = openLimits()
    await fail(limits, 3)
    await expireBreaker()
    await limits.acquire('stripe')

    await redis.del(`${prefix}:stripe:leases`)

    expect(reasonOf(await openLimits().acquire('stripe'))).toBe('granted')
  })
})

describe('the line of those that wait for the end of a stop', () => {
  it('delays no caller that waits for room after it', async () => {
    let state: CallState = 'stopped'
    const slow = { ...OFTEN, perSecond: 1, burst: 1 }
    const limits = openLimits({ stripe: slow, stateOf: () => state })
    const held = await Promise.all(Array.from({ length: 80 }, () => limits.acquire('stripe')))
    expect(held.map(waitOf).some((ms) => ms >= 30_000)).toBe(true)

    state = 'allowed'

    expect(waitOf(await limits.acquire('stripe'))).toBe(0)
    expect(waitOf(await limits.acquire('stripe'))).toBeLessThanOrEqual(1_000)
  })
})

describe('a provider that refuses a call as one too many', () => {
  it('is left alone for its cooldown, or for longer if it asks for that', async () => {
    const limits = openLimits()

    await leaseOf(await limits.acquire('stripe')).release({ rateLimitedMs: 90_000 })

    expect(reasonOf(await limits.acquire('stripe'))).toBe('PROVIDER_RATE_LIMITED')
    const coolUntil = Number(await redis.hGet(stateKey(), 'cool_until'))
    const last = Number(await redis.hGet(stateKey(), 'last'))
    expect(coolUntil - last).toBeGreaterThanOrEqual(90_000)
  })
})

describe('a Redis that lost the counts', () => {
  it('has no room until calls under way are counted again, and then empty buckets', async () => {
    const limits = openLimits({ stripe: RARELY, leaseMs: 200 })
    await limits.acquire('stripe')

    await redis.del([stateKey(), `${prefix}:mark`, `${prefix}:stripe:leases`])

    expect(reasonOf(await limits.acquire('stripe'))).toBe('PROVIDER_RATE_LIMITED')
    await expect.poll(() => redis.zCard(`${prefix}:stripe:leases`), { interval: 10 }).toBe(1)
    expect(Number(await redis.hGet(stateKey(), 'tokens'))).toBeLessThan(1)
  })

  it('is noticed if it restarted with an older copy', async () => {
    const limits = openLimits({ stripe: RARELY })
    await limits.acquire('stripe')

    await redis.hSet(`${prefix}:mark`, 'run', 'an earlier run')

    expect(reasonOf(await limits.acquire('stripe'))).toBe('PROVIDER_RATE_LIMITED')
  })
})

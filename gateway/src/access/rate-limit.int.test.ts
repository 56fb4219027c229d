import { connectTestRedis, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from './caller.ts'
import { createRedisCounters, createSteadyCounters } from './counters.ts'
import { createFailedAttempts } from './failed-attempts.ts'
import { createRateLimiter } from './rate-limit.ts'

/** This file's own logical database. */
const DATABASE = 13
type Redis = Awaited<ReturnType<typeof openTestRedis>>

let redis: Redis
beforeAll(async () => {
  redis = await openTestRedis(DATABASE)
})

const general = { max: 40, windowMs: 60_000 }
const callerOf = (id: string): Caller => ({
  principal: { id, roles: [], customerId: null, tenant: 'default' },
  scope: '',
  expiresAt: null,
  requestsPerMinute: null,
  isStillValid: () => true,
})
const gatewayOn = (client: Redis) =>
  createRateLimiter({
    counters: createSteadyCounters({ shared: createRedisCounters(client), logger: silent, timeoutMs: 60_000 }),
    general,
  })
const ask = async (gateway: ReturnType<typeof gatewayOn>, id: string, times: number) => {
  const verdicts = await Promise.all(Array.from({ length: times }, () => gateway.consume(callerOf(id), 'general')))
  return verdicts.filter(({ allowed }) => allowed).length
}

describe('a limit in Redis', () => {
  it('is given exactly by one gateway', async () => {
    expect(await ask(gatewayOn(redis), 'ada', 50)).toBe(40)
  })

  it('is shared by all gateways', async () => {
    const gateways = [gatewayOn(redis), gatewayOn(redis), gatewayOn(redis)]

    const allowed = await Promise.all(gateways.map((gateway) => ask(gateway, 'bob', 30)))

    expect(allowed.reduce((sum, one) => sum + one)).toBe(40)
  })

  it('is whole again when Redis says so', async () => {
    const gateway = createRateLimiter({
      counters: createRedisCounters(redis),
      general: { max: 5, windowMs: 1_000 },
    })
    // Six that fall into two windows are let in all.
    const untilFiveOfSix = () => expect.poll(() => ask(gateway, 'eve', 6)).toBe(5)
    await untilFiveOfSix()

    await untilFiveOfSix()
  })

  it('is held by the process alone when Redis is gone', async () => {
    const lost = await connectTestRedis(DATABASE)
    const gateway = gatewayOn(lost)
    expect(await gateway.consume(callerOf('dan'), 'queues')).toMatchObject({ allowed: true, degraded: false })

    lost.destroy()

    expect(await gateway.consume(callerOf('dan'), 'general')).toMatchObject({ allowed: true, degraded: true })
    expect(await ask(gateway, 'dan', 50)).toBe(39)
  })
})

describe('an address', () => {
  it('that is banned at one gateway is banned at all', async () => {
    const [here, there] = [redis, redis].map((client) =>
      createFailedAttempts({ counters: createRedisCounters(client) }),
    )

    await Promise.all(Array.from({ length: 25 }, () => here!.note('192.0.2.7')))

    const refusal = { code: 'RATE_LIMITED', facts: { limit: 20, retryAfterSeconds: 60 } }
    await expect(there!.check('192.0.2.7')).rejects.toMatchObject(refusal)
    await expect(there!.check('192.0.2.8')).resolves.toBeUndefined()
  })
})

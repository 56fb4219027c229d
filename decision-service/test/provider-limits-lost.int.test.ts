import { connectRedis } from '@redress/shared/stores/redis.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { expect, it } from 'vitest'
import { removeAppendOnlyFiles } from '../../scripts/faults/system/append-only-file.ts'
import { type RedisServer, startRedisServer } from '../../scripts/faults/system/redis-server.ts'
import { createTemporaryDirectory } from '../../scripts/testing/temporary-directory.ts'
import { keysOf } from '../src/jobs/limits/limit-keys.ts'
import { beginCounting, createProviderLimits } from '../src/jobs/limits/provider-limits.ts'
import { PROVIDERS } from '../src/jobs/limits/providers.ts'

const RARELY = { perSecond: 0.001, concurrent: 10, burst: 3, cooldownMs: 0 }
const { leases } = keysOf('stripe')

it.for<[string, (server: RedisServer) => Promise<void>]>([
  ['restarted', ({ whileDown }) => whileDown(() => undefined)],
  ['lost its files', ({ whileDown, directory }) => whileDown(() => removeAppendOnlyFiles(directory()))],
  ['was replaced by a replica', ({ failOver }) => failOver(0)],
])('a Redis that %s gives no provider a second burst, and counts the calls under way', async ([, lose], context) => {
  const server = await startRedisServer(createTemporaryDirectory(context), () => {})
  context.onTestFinished(server.stop)
  const redis = await connectRedis(server.url, { name: 'test', logger: silent })
  context.onTestFinished(() => redis.destroy())
  await beginCounting(redis)
  const figures = { ...PROVIDERS, stripe: RARELY }
  const limits = createProviderLimits({ redis, figures, leaseMs: 200, logger: silent })
  const reasonNow = async () => {
    const acquired = await limits.acquire('stripe')
    return 'release' in acquired ? 'allowed' : acquired.reason
  }
  for (let calls = 0; calls < 2; calls++) expect(await reasonNow()).toBe('allowed')

  await lose(server)

  await expect.poll(reasonNow, { interval: 1 }).not.toBe('STORE_UNAVAILABLE')
  await expect.poll(() => redis.zCard(leases)).toBe(2)
  // Tokens are counted again once the time is over in which calls under way are.
  const tokensAfterAsking = async () => {
    expect(await reasonNow()).toBe('PROVIDER_RATE_LIMITED')
    return Number(await redis.hGet(keysOf('stripe').state, 'tokens'))
  }
  await expect.poll(tokensAfterAsking).toBeGreaterThan(0)
})

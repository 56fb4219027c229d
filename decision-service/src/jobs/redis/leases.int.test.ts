import { setImmediate as nextTurn } from 'node:timers/promises'
import { openTestRedis } from '@redress/shared/testing/stores.ts'
import { expect, it } from 'vitest'
import { createLeaseKeeper } from './leases.ts'

const redis = await openTestRedis(41)

it('a renewal to a Redis that does not know the script brings no lease back that was released meanwhile', async () => {
  const unknown = Promise.withResolvers<never>()
  unknown.promise.catch(() => undefined)
  let renewals = 0
  const counted = (renew: () => unknown) => () => {
    renewals++
    return renew()
  }
  const forgetful = new Proxy(redis, {
    get(target, key) {
      if (key === 'evalSha') return counted(() => unknown.promise)
      if (key === 'eval') return (...call: Parameters<typeof redis.eval>) => counted(() => redis.eval(...call))()
      return Reflect.get(target, key, target)
    },
  })
  const keeper = createLeaseKeeper(forgetful, 40)
  keeper.keep('leases', 'a')
  await expect.poll(() => renewals).toBeGreaterThan(0)

  await keeper.release('leases', 'a')
  unknown.reject(new Error('NOSCRIPT No matching script.'))
  await nextTurn()
  await redis.ping()

  expect(await redis.zScore('leases', 'a')).toBeNull()
})

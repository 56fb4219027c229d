import type { Redis } from '@redress/shared/stores/redis.ts'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createRedisScript } from './redis-script.ts'

it('a script that Redis does not know is not sent again once its caller gave up', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const reply = Promise.withResolvers<never>()
  const sent: string[] = []
  const redis = {
    isReady: true,
    evalSha: () => reply.promise,
    eval: async (source: string) => void sent.push(source),
  } as unknown as Redis
  const run = createRedisScript(redis, 'return 1')

  const refused = expect(run({ keys: [], args: [] })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await vi.advanceTimersByTimeAsync(1_001)
  await refused
  reply.reject(new Error('NOSCRIPT No matching script.'))
  await vi.advanceTimersByTimeAsync(1)

  expect(sent).toEqual([])
})

import { randomUUID } from 'node:crypto'
import { connectTestRedis } from '@redress/shared/testing/stores.ts'
import { afterAll, expect, it } from 'vitest'
import { createRedisScript } from './redis-script.ts'

const redis = await connectTestRedis(19)
afterAll(() => redis.destroy())

it('a script is sent to a Redis that does not know it, and called by its digest after that', async () => {
  const run = createRedisScript(redis, `-- ${randomUUID()}\nreturn { KEYS[1], ARGV[1] }`)

  const answers = [await run({ keys: ['k'], args: [1] }), await run({ keys: ['k'], args: [2] })]

  expect(answers).toEqual([
    ['k', '1'],
    ['k', '2'],
  ])
})

it('a script that fails says so', async () => {
  const run = createRedisScript(redis, `return redis.call('NO SUCH COMMAND')`)

  await expect(run({ keys: [], args: [] })).rejects.toThrow()
})

import { randomUUID } from 'node:crypto'
import { connectTestRedis } from '@redress/shared/testing/stores.ts'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { createTokenBucket } from './token-bucket.ts'

const REDIS = 20
const redis = await connectTestRedis(REDIS)
afterAll(() => redis.destroy())
/** Buckets of a test's own. */
const newPrefix = () => `bucket-${randomUUID()}`

describe('a token bucket', () => {
  it('allows its burst at once, and then says when the next token comes', async () => {
    const take = createTokenBucket({ redis, prefix: newPrefix(), ratePerSecond: 0.01, burst: 2 })

    const taken = [await take('a'), await take('a'), await take('a')]

    expect(taken.map(({ allowed }) => allowed)).toEqual([true, true, false])
    expect(taken[2]?.retryAfterMs).toBeGreaterThan(70_000)
    expect(taken[2]?.retryAfterMs).toBeLessThanOrEqual(100_000)
  })

  it('gives tokens back with time', async () => {
    const take = createTokenBucket({ redis, prefix: newPrefix(), ratePerSecond: 50, burst: 1 })
    await take('a')

    await expect.poll(async () => (await take('a')).allowed, { interval: 5 }).toBe(true)
  })

  it('is shared by all processes, and kept for each key alone', async () => {
    const other = await connectTestRedis(REDIS)
    onTestFinished(() => other.destroy())
    const options = { prefix: newPrefix(), ratePerSecond: 0.001, burst: 3 }
    const takes = [createTokenBucket({ redis, ...options }), createTokenBucket({ redis: other, ...options })]

    const taken = await Promise.all(Array.from({ length: 10 }, (_, index) => takes[index % 2]!('a')))

    expect(taken.filter(({ allowed }) => allowed)).toHaveLength(3)
    expect(await takes[0]!('b')).toEqual({ allowed: true, retryAfterMs: 0 })
  })

  it('says at once that Redis is away', async () => {
    const gone = await connectTestRedis(REDIS)
    gone.destroy()
    const take = createTokenBucket({ redis: gone, prefix: newPrefix(), ratePerSecond: 1, burst: 1 })

    await expect(take('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { createLogger } from '../process/logger.ts'
import { connectRedis, type Redis } from '../stores/redis.ts'
import { STREAMS } from './envelope.ts'
import { trimStream } from './stream-retention.ts'

const stream = STREAMS.issues
let redis: Redis
beforeAll(async () => {
  redis = await connectRedis(`${inject('redisUrl')}/14`, {
    name: 'test',
    logger: createLogger('test', { level: 'fatal' }),
  })
})
afterAll(() => redis?.destroy())
beforeEach(async () => {
  await redis.flushDb()
})

/** More than the hundred that Redis keeps in one block, which it takes off whole. */
const publishMany = async (count: number, atMs: number) => {
  const multi = redis.multi()
  for (let number = 1; number <= count; number++) multi.xAdd(stream, `${atMs}-${number}`, { event: 'x' })
  await multi.exec()
}
const LONG_AGO = Date.parse('2020-01-01T00:00:00Z')

describe('a stream', () => {
  it('loses old entries once every group has finished them', async () => {
    await publishMany(500, LONG_AGO)
    await redis.xGroupCreate(stream, 'readers', '$')

    await trimStream(redis, stream)

    expect(await redis.xLen(stream)).toBeLessThan(101)
  })

  it('keeps old entries that were not delivered to every group', async () => {
    await publishMany(500, LONG_AGO)
    await redis.xGroupCreate(stream, 'fast', '$')
    await redis.xGroupCreate(stream, 'slow', '0')

    await trimStream(redis, stream)

    expect(await redis.xLen(stream)).toBe(500)
  })

  it('keeps old entries that were delivered and not finished', async () => {
    await publishMany(500, LONG_AGO)
    await redis.xGroupCreate(stream, 'readers', '0')
    await redis.xReadGroup('readers', 'one', { key: stream, id: '>' }, { COUNT: 500 })
    const all = Array.from({ length: 500 }, (_, index) => `${LONG_AGO}-${index + 1}`)
    await redis.xAck(stream, 'readers', all.slice(1))

    await trimStream(redis, stream)

    expect(await redis.xLen(stream)).toBe(500)
  })

  it('keeps new entries', async () => {
    await publishMany(500, Date.now())
    await redis.xGroupCreate(stream, 'readers', '$')

    await trimStream(redis, stream)

    expect(await redis.xLen(stream)).toBe(500)
  })

  it('that does not exist has nothing to lose', async () => {
    expect(await trimStream(redis, stream)).toBe(0)
  })
})

import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { afterAll, inject } from 'vitest'
import { connectMongo } from '../stores/mongo.ts'
import { connectRedis } from '../stores/redis.ts'

/** Logs nothing: tests cause failures on purpose. */
export const silent = pino({ level: 'silent' })

/** A database for the calling test file, dropped at its end. */
export async function openTestDatabase() {
  const mongo = await connectTestMongo()
  const db = mongo.db(`test_${randomUUID().slice(0, 13)}`)
  afterAll(async () => {
    await db.dropDatabase()
    await mongo.close()
  })
  return { mongo, db }
}

/** Another client of the same server, for a test that closes it. */
export function connectTestMongo() {
  return connectMongo(inject('mongoUri'), 'test')
}

/**
 * An empty logical database of Redis. Streams and queues have fixed names, so each test file takes a `number` of its
 * own, from 1 to 127.
 */
export async function openTestRedis(number: number) {
  const redis = await connectTestRedis(number)
  await redis.flushDb()
  afterAll(() => redis.destroy())
  return redis
}

/** Another client of the same logical database, for a test that closes it. */
export function connectTestRedis(number: number) {
  return connectRedis(`${inject('redisUrl')}/${number}`, { name: 'test', logger: silent })
}

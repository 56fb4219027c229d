import { randomUUID } from 'node:crypto'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest'
import { createLogger } from '../process/logger.ts'
import { connectMongo } from '../stores/mongo.ts'
import { connectRedis } from '../stores/redis.ts'
import { STREAMS } from './envelope.ts'
import { joinElection } from './leadership.ts'
import { prepareOutbox } from './outbox.ts'
import { startOutboxRelay } from './outbox-relay.ts'
import { startStreamConsumer } from './stream-consumer.ts'

const logger = createLogger('test', { level: 'fatal' })
let mongo: MongoClient
beforeAll(async () => {
  mongo = await connectMongo(inject('mongoUri'), 'test')
})
afterAll(() => mongo?.close())

/** A Redis that can be taken away: a door in front of the real one. */
async function openRedis({ onTestFinished }: TestContext) {
  const real = new URL(inject('redisUrl'))
  const sockets = new Set<Socket>()
  const door = createServer((client) => {
    const server = connect(Number(real.port), real.hostname)
    for (const [from, to] of [[client, server] as const, [server, client] as const]) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  const redis = await connectRedis(`redis://127.0.0.1:${(door.address() as AddressInfo).port}/15`, {
    name: 'test',
    logger,
  })
  const takeAway = () => {
    door.close()
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(() => {
    takeAway()
    redis.destroy()
  })
  return { redis, takeAway }
}

describe('while Redis is away', () => {
  it('a leader stops all the same', async (context) => {
    const { redis, takeAway } = await openRedis(context)
    const election = joinElection(redis, `test-${randomUUID()}`, logger)
    await expect.poll(election.isLeader).toBe(true)

    takeAway()

    await expect(election.stop()).resolves.toBeUndefined()
  })

  it('a relay stops all the same', async (context) => {
    const { redis, takeAway } = await openRedis(context)
    const db = mongo.db(`away-${randomUUID()}`)
    await prepareOutbox(db)
    const relay = await startOutboxRelay({ mongo, db, redis, stream: STREAMS.issues, logger })

    takeAway()
    relay.wake()

    await expect(relay.stop()).resolves.toBeUndefined()
    await db.dropDatabase()
  })

  it('a consumer stops all the same', async (context) => {
    const { redis, takeAway } = await openRedis(context)
    const db = mongo.db(`away-${randomUUID()}`)
    const consumer = await startStreamConsumer({
      mongo,
      db,
      redis,
      streams: [STREAMS.issues],
      group: 'away',
      apply: async () => {},
      logger,
    })

    takeAway()

    await expect(consumer.stop()).resolves.toBeUndefined()
    await db.dropDatabase()
  })
})

import { type DomainEvent, STREAMS, type StreamName } from '@redress/shared/events/envelope.ts'
import type { StreamConsumer } from '@redress/shared/events/stream-consumer.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { issueEvent, issueEvents } from '../../test/events.ts'
import { type Database, logger, openDatabase, openRedis } from '../../test/stores.ts'
import { createMongoChainWriters } from '../outbound/mongo-chain.ts'
import { startEventsIn } from './events-in.ts'

const REDIS_DATABASE = 10

let database: Database
let redis: Redis
let running: StreamConsumer[] = []
beforeEach(async () => {
  database = await openDatabase(inject('mongoUri'))
  redis = await openRedis(inject('redisUrl'), REDIS_DATABASE)
})
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()))
  running = []
  await redis.flushDb()
  redis.destroy()
  await database.drop()
})

async function start(): Promise<StreamConsumer> {
  const { mongo, db, collections } = database
  const started = await startEventsIn({
    mongo,
    db,
    redis,
    chainIn: createMongoChainWriters(collections),
    logger,
  })
  running.push(started)
  return started
}

async function send(stream: StreamName, events: readonly DomainEvent[]): Promise<void> {
  const multi = redis.multi()
  for (const event of events) multi.xAdd(stream, '*', { event: JSON.stringify(event) })
  await multi.exec()
}

const length = () => database.collections.entries.countDocuments()
const untilLength = (wanted: number) => expect.poll(length).toBe(wanted)
const verify = () => database.verifyChain({ fromSequence: null, toSequence: null })
const isSettled = async (stream: StreamName) => (await redis.xPending(stream, 'audit')).pending === 0

describe('the events of all services', () => {
  it('are recorded in one chain, each stream in its order', async () => {
    await send(STREAMS.issues, issueEvents('iss_1', 250))
    await start()
    await send(STREAMS.decisions, issueEvents('dec_1', 250))
    await untilLength(500)

    expect(await verify()).toMatchObject({ valid: true, entries: 500 })
    const ids = (await database.collections.entries.find().sort({ sequence: 1 }).toArray()).map(({ _id }) => _id)
    const idsOf = (name: string) => ids.filter((id) => id.startsWith(`aud_${name}-`))
    const inOrder = (name: string) => Array.from({ length: 250 }, (_, index) => `aud_${name}-${index + 1}`)
    expect(idsOf('iss_1')).toEqual(inOrder('iss_1'))
    expect(idsOf('dec_1')).toEqual(inOrder('dec_1'))
  })

  it('give one entry each, though they are published twice', async () => {
    await start()
    await send(STREAMS.issues, [...issueEvents('iss_1', 20), ...issueEvents('iss_1', 20)])
    await send(STREAMS.decisions, issueEvents('iss_1', 20))
    await send(STREAMS.decisions, [issueEvent('last', 1)])
    await untilLength(21)

    expect(await verify()).toMatchObject({ valid: true, entries: 21 })
  })

  it('give one entry each, though the process died after the commit and before the acknowledgement', async () => {
    await send(STREAMS.issues, issueEvents('iss_1', 20))
    const first = await start()
    await untilLength(20)
    await first.stop()

    // As if nothing had been acknowledged: the group gets everything again.
    await redis.xGroupSetId(STREAMS.issues, 'audit', '0')
    await start()
    await send(STREAMS.issues, [issueEvent('last', 1)])
    await untilLength(21)

    expect(await verify()).toMatchObject({ valid: true, entries: 21 })
    await expect.poll(() => isSettled(STREAMS.issues)).toBe(true)
  })

  it('are recorded even if Redis lost the streams and they were published again', async () => {
    await start()
    await send(STREAMS.issues, issueEvents('iss_1', 10))
    await untilLength(10)
    await redis.flushDb()

    await send(STREAMS.issues, issueEvents('iss_1', 12))
    await untilLength(12)

    expect(await verify()).toMatchObject({ valid: true, entries: 12 })
  })

  it('are recorded by one process at a time, and by the next one when that stops', async () => {
    const first = await start()
    await start()
    await send(STREAMS.issues, issueEvents('iss_1', 50))
    await untilLength(50)
    expect(await redis.xInfoConsumers(STREAMS.issues, 'audit')).toHaveLength(1)

    await first.stop()
    await send(STREAMS.issues, issueEvents('iss_2', 50))
    await untilLength(100)

    expect(await verify()).toMatchObject({ valid: true, entries: 100 })
  })

  it('that are none are set aside, and the others recorded', async () => {
    await start()
    await redis.xAdd(STREAMS.issues, '*', { event: '{"id":"half an event"}' })
    await send(STREAMS.issues, issueEvents('iss_1', 3))
    await untilLength(3)

    await expect.poll(() => database.db.collection('dead_events').countDocuments()).toBe(1)
    expect(await verify()).toMatchObject({ valid: true, entries: 3 })
  })
})

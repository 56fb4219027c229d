import { randomUUID } from 'node:crypto'
import type { Db, MongoClient } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { createLogger } from '../logger.ts'
import { connectMongo, inTransaction } from '../mongo.ts'
import { connectRedis, type Redis } from '../redis.ts'
import { type DomainEvent, STREAMS } from './envelope.ts'
import { createOutbox, outboxCollection, prepareOutbox } from './outbox.ts'
import { startOutboxRelay } from './outbox-relay.ts'
import { type ConsumerOptions, startStreamConsumer } from './stream-consumer.ts'

const logger = createLogger('test', { level: 'fatal' })
const stream = STREAMS.issues
const WAIT = { timeout: 8_000, interval: 20 }
let mongo: MongoClient
let redis: Redis
let db: Db

beforeAll(async () => {
  mongo = await connectMongo(inject('mongoUri'), 'test')
  redis = await connectRedis(`${inject('redisUrl')}/3`, { name: 'test', logger })
})
afterAll(async () => {
  await mongo?.close()
  redis?.destroy()
})
beforeEach(async (context) => {
  await redis.flushDb()
  db = mongo.db(`events-${randomUUID()}`)
  await prepareOutbox(db)
  const { databaseName } = db
  context.onTestFinished(async () => void (await mongo.db(databaseName).dropDatabase()))
})

let clock = Date.parse('2030-01-01T00:00:00Z')
const eventOf = (id: string): DomainEvent => ({
  id,
  type: 'thing.happened',
  at: new Date(clock++).toISOString(),
  actor: 'ada',
  requestId: null,
  ip: null,
  entity: { type: 'Thing', id: 'thing-1' },
  changes: {},
  data: {},
})

const commit = (events: readonly DomainEvent[], wake = () => {}) =>
  inTransaction(mongo, (session) => createOutbox(db, wake).add(events, session))
const published = async () =>
  ((await redis.xRange(stream, '-', '+')) ?? []).map(({ message }) => (JSON.parse(message.event!) as DomainEvent).id)

const countUnpublished = async () =>
  (await outboxCollection(db).find({ published: false }).sort({ at: 1, _id: 1 }).toArray()).length

describe('an event in the outbox', () => {
  it('is published in order once its transaction is committed, and only once', async (context) => {
    const relay = await startOutboxRelay({ db, redis, stream, logger })
    context.onTestFinished(() => relay.stop())

    await commit([eventOf('a'), eventOf('b')], relay.wake)
    await commit([eventOf('c')], relay.wake)

    await expect.poll(published, WAIT).toEqual(['a', 'b', 'c'])
    await expect.poll(countUnpublished, WAIT).toBe(0)
    expect(await published()).toEqual(['a', 'b', 'c'])
  })

  it('is not published when its transaction is not', async (context) => {
    const relay = await startOutboxRelay({ db, redis, stream, logger })
    context.onTestFinished(() => relay.stop())
    const failing = inTransaction(mongo, async (session) => {
      await createOutbox(db, relay.wake).add([eventOf('never')], session)
      throw new Error('changed my mind')
    })

    await expect(failing).rejects.toThrow('changed my mind')
    await commit([eventOf('after')], relay.wake)

    await expect.poll(published, WAIT).toEqual(['after'])
  })

  it('is published by another process when the one that led is gone', async (context) => {
    const leading = await startOutboxRelay({ db, redis, stream, logger })
    await commit([eventOf('first')], leading.wake)
    await expect.poll(published, WAIT).toEqual(['first'])
    const following = await startOutboxRelay({ db, redis, stream, logger })
    context.onTestFinished(() => following.stop())

    await leading.stop()
    await commit([eventOf('second')], following.wake)

    await expect.poll(published, WAIT).toEqual(['first', 'second'])
  })

  it('is published again when Redis has lost everything', async (context) => {
    const relay = await startOutboxRelay({ db, redis, stream, logger })
    context.onTestFinished(() => relay.stop())
    await commit([eventOf('a'), eventOf('b')], relay.wake)
    await expect.poll(published, WAIT).toEqual(['a', 'b'])
    await expect.poll(countUnpublished, WAIT).toBe(0)

    await redis.flushDb()

    await expect.poll(published, WAIT).toEqual(['a', 'b'])
  })
})

type Applied = { _id: string; event: string }
const applied = () => db.collection<Applied>('applied')
const appliedIds = async () => (await applied().find().toArray()).map(({ event }) => event).sort()
const publish = (event: DomainEvent | string) =>
  redis.xAdd(stream, '*', { event: typeof event === 'string' ? event : JSON.stringify(event) })

/** Writes down each event as often as it is applied. */
const consume = (options: Partial<ConsumerOptions> = {}) =>
  startStreamConsumer({
    mongo,
    db,
    redis,
    streams: [stream],
    group: 'readers',
    gatherMs: 0,
    apply: async (events, session) => {
      await applied().insertMany(
        events.map(({ id }) => ({ _id: randomUUID(), event: id })),
        { session },
      )
    },
    logger,
    ...options,
  })

describe('a consumer', () => {
  it('applies each event once, however often it is delivered', async (context) => {
    const again = eventOf('twice')
    for (const event of [again, eventOf('once'), again]) await publish(event)
    const consumer = await consume()
    context.onTestFinished(() => consumer.stop())

    await publish(again)
    await publish(eventOf('last'))

    await expect.poll(appliedIds, WAIT).toEqual(['last', 'once', 'twice'])
  })

  it('shares the events of a group with its other members', async (context) => {
    const members = await Promise.all([consume(), consume()])
    context.onTestFinished(async () => void (await Promise.all(members.map((member) => member.stop()))))

    const ids = Array.from({ length: 60 }, (_, index) => `event-${String(index).padStart(2, '0')}`)
    for (const id of ids) await publish(eventOf(id))

    await expect.poll(appliedIds, WAIT).toEqual(ids)
  })

  it('sets aside what cannot be applied after five tries, and applies its neighbours', async (context) => {
    let tries = 0
    for (const id of ['before', 'poison', 'after']) await publish(eventOf(id))
    const consumer = await consume({
      apply: async (events, session) => {
        const ids = events.map(({ id }) => id)
        if (ids.length === 1 && ids[0] === 'poison') tries++
        if (ids.includes('poison')) throw new TypeError('cannot read this')
        await applied().insertMany(
          ids.map((event) => ({ _id: randomUUID(), event })),
          { session },
        )
      },
    })
    context.onTestFinished(() => consumer.stop())

    await expect.poll(appliedIds, WAIT).toEqual(['after', 'before'])
    const dead = () => db.collection('dead_events').find().toArray()
    await expect.poll(async () => (await dead()).length, WAIT).toBe(1)

    expect(await dead()).toMatchObject([{ group: 'readers', reason: 'TypeError: cannot read this' }])
    expect(tries).toBeLessThanOrEqual(5)
    expect((await redis.xPending(stream, 'readers')).pending).toBe(0)
  })

  it('sets aside what is not an event', async (context) => {
    const consumer = await consume()
    context.onTestFinished(() => consumer.stop())

    await publish('{"no":"event"}')
    await publish('not even JSON')
    await publish(eventOf('fine'))

    await expect.poll(appliedIds, WAIT).toEqual(['fine'])
    await expect.poll(() => db.collection('dead_events').countDocuments(), WAIT).toBe(2)
  })

  it('leaves nothing of an effect that fails half way', async (context) => {
    await publish(eventOf('half'))
    const consumer = await consume({
      apply: async (_events, session) => {
        await applied().insertOne({ _id: 'half', event: 'half' }, { session })
        throw new Error('the other half fails')
      },
    })
    context.onTestFinished(() => consumer.stop())

    await expect.poll(() => db.collection('dead_events').countDocuments(), WAIT).toBe(1)

    expect(await appliedIds()).toEqual([])
    expect(await db.collection('inbox_readers').countDocuments()).toBe(0)
  })

  it('goes on with what a member had in hand that is gone', async (context) => {
    await redis.xGroupCreate(stream, 'readers', '0', { MKSTREAM: true })
    await publish(eventOf('abandoned'))
    await redis.xReadGroup('readers', 'gone', { key: stream, id: '>' })

    const consumer = await consume({ isLeader: () => true })
    context.onTestFinished(() => consumer.stop())

    await expect.poll(appliedIds, WAIT).toEqual(['abandoned'])
  })

  it('repeats what comes after the commit until it succeeds, and does not blame the event', async (context) => {
    let calls = 0
    await publish(eventOf('a'))
    const consumer = await consume({
      afterCommit: async () => {
        calls++
        if (calls < 8) throw new Error('the queue is away')
      },
    })
    context.onTestFinished(() => consumer.stop())

    await expect.poll(() => calls, WAIT).toBe(8)
    await expect.poll(async () => (await redis.xPending(stream, 'readers')).pending, WAIT).toBe(0)

    expect(await appliedIds()).toEqual(['a'])
    expect(await db.collection('dead_events').countDocuments()).toBe(0)
  })
})

import { pino } from 'pino'
import { RESP_TYPES } from 'redis'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { inTransaction } from '../stores/mongo.ts'
import { eventOf } from '../testing/events.ts'
import { connectTestMongo, connectTestRedis, openTestDatabase, openTestRedis, silent } from '../testing/stores.ts'
import { type DomainEvent, parseEvent, STREAMS } from './envelope.ts'
import { segmentCollection } from './log/event-log.ts'
import { createEventStream } from './log/event-stream.ts'
import { groupCollection, storeReports } from './log/group-positions.ts'
import { reportPosition } from './log/reports.ts'
import { createOutbox, outboxCollection, prepareOutbox } from './outbox.ts'
import { startOutboxRelay } from './outbox-relay.ts'

const REDIS = 1
const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(REDIS)
const stream = STREAMS.issues
await prepareOutbox(db)

const startRelay = async () => {
  const relay = await startOutboxRelay({ sweepMs: 100, mongo, db, redis, stream, logger: silent })
  onTestFinished(relay.stop)
  return relay
}
const commit = (...events: readonly DomainEvent[]) =>
  inTransaction(mongo, (session) => createOutbox(db, () => {}).add(events, session))
const entries = async () => (await redis.xRange(stream, '-', '+')) ?? []
const published = async (): Promise<readonly DomainEvent[]> =>
  (await entries()).map(({ message }) => JSON.parse(message.event!))
const publishedIds = async () => (await published()).map(({ id }) => id)
const parseEventOf = (event: unknown) => parseEvent(JSON.stringify(event))?.id ?? null
const untilPublished = (count: number) => expect.poll(publishedIds).toHaveLength(count)
const numbered = (entity: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => eventOf(entity, from + index))
const idsOf = (events: readonly DomainEvent[]) => events.map(({ id }) => id)

afterEach(async () => {
  await outboxCollection(db).deleteMany({ _id: { $gte: '' } })
  await segmentCollection(db).deleteMany({ _id: { $gte: 0 } })
  await groupCollection(db).deleteMany({ _id: { $gte: '' } })
  await redis.flushDb()
})

describe('the outbox relay', () => {
  it('publishes committed events unchanged', async () => {
    const relay = await startRelay()
    const event = eventOf('t', 1, { data: { amount: 12, text: 'Zoë ✓ "quoted"' } })

    await commit(event)
    relay.wake()

    await untilPublished(1)
    expect(await published()).toEqual([event])
  })

  it('publishes what was committed before it led as soon as it leads, without a sweep or a wake-up', async () => {
    await commit(eventOf('t', 1))

    const relay = await startOutboxRelay({ sweepMs: 600_000, mongo, db, redis, stream, logger: silent })
    onTestFinished(relay.stop)

    await untilPublished(1)
  })

  it('warns of nothing when it starts for the first time, and of a stream that was lost', async () => {
    const warned: unknown[] = []
    const logger = pino({ level: 'warn' }, { write: (line) => void warned.push(JSON.parse(line).reason) })
    const relay = await startOutboxRelay({ sweepMs: 100, mongo, db, redis, stream, logger })
    onTestFinished(relay.stop)
    await commit(eventOf('t', 1))
    await untilPublished(1)
    const warnedFirst = [...warned]

    await redis.flushDb()
    await untilPublished(1)

    expect([warnedFirst, warned]).toEqual([[], ['lost']])
  })

  it('publishes nothing of an aborted transaction', async () => {
    await startRelay()

    const aborted = inTransaction(mongo, async (session) => {
      await createOutbox(db, () => {}).add([eventOf('aborted', 1)], session)
      throw new Error('changed my mind')
    })
    await expect(aborted).rejects.toThrow('changed my mind')
    await commit(eventOf('committed', 2))

    await untilPublished(1)
    expect(await publishedIds()).toEqual(['committed-2'])
  })

  it('publishes in the order of the events, whatever the order of their ids', async () => {
    const events = [eventOf('b', 1), eventOf('a', 2), eventOf('b', 10), eventOf('b', 9), eventOf('a', 11)]

    await commit(...events)
    await startRelay()

    await untilPublished(5)
    expect(await publishedIds()).toEqual(['b-1', 'a-2', 'b-9', 'b-10', 'a-11'])
  })

  it('numbers events without gaps, over more than one segment', async () => {
    const events = numbered('many', 1, 1_203)

    await commit(...events)
    await startRelay()

    await untilPublished(1_203)
    expect(await publishedIds()).toEqual(idsOf(events))
    expect((await entries()).map(({ id }) => id)).toEqual(events.map((_, index) => `${index + 1}-0`))
  })

  it('publishes a commit that it was not woken for', async () => {
    await startRelay()
    await untilPublished(0)

    await commit(eventOf('unannounced', 1))

    await untilPublished(1)
  })

  it('publishes nothing again after a restart', async () => {
    const first = await startOutboxRelay({ sweepMs: 100, mongo, db, redis, stream, logger: silent })
    await commit(eventOf('before', 1))
    await untilPublished(1)
    await first.stop()

    await startRelay()
    await commit(eventOf('after', 2))

    await untilPublished(2)
    expect(await publishedIds()).toEqual(['before-1', 'after-2'])
  })

  it('publishes what an earlier version had in its outbox, published or not', async () => {
    const old = { published: true, publishedAt: new Date() }
    const [first, second] = numbered('old', 1, 2)
    const rows = [first!, second!].map((event) => ({
      _id: event.id,
      at: new Date(event.at),
      event: JSON.stringify(event),
    }))
    await outboxCollection(db).insertMany([{ ...rows[0]!, ...old }, rows[1]!] as never)
    await redis.xAdd(stream, '*', { event: rows[0]!.event })

    await startRelay()

    await untilPublished(2)
    expect((await entries()).map(({ id }) => id)).toEqual(['1-0', '2-0'])
  })

  it.for<[string, object]>([
    ['no events', { payload: 1 }],
    ['events that are no texts', { events: [{ id: 'x' }] }],
    ['no list of events', { events: 'x' }],
  ])('publishes a document with %s as a text that is no event, and what is behind it', async ([, content]) => {
    const unknown = { _id: 'unknown', at: new Date(0), ...content } as never
    await outboxCollection(db).insertOne(unknown)
    await commit(eventOf('t', 1))

    await startRelay()

    await untilPublished(2)
    expect((await published()).map(parseEventOf)).toEqual([null, 't-1'])
  })

  it('keeps the order of each entity where transactions have many events of one moment', async () => {
    const at = (entity: string, version: number, second: number) =>
      eventOf(entity, version, { at: `2030-01-01T00:00:0${second}.000Z` })
    await commit(at('b', 1, 1), at('a', 1, 1), at('b', 2, 4), at('a', 2, 2))
    await commit(at('a', 3, 3), at('c', 1, 3))

    await startRelay()

    await untilPublished(6)
    expect(await publishedIds()).toEqual(['b-1', 'a-1', 'a-2', 'a-3', 'c-1', 'b-2'])
  })

  it('gives up its leadership when it stops', async () => {
    const first = await startOutboxRelay({ sweepMs: 100, mongo, db, redis, stream, logger: silent })
    await expect.poll(() => redis.get(`leader:relay:${stream}`)).not.toBeNull()

    await first.stop()

    expect(await redis.get(`leader:relay:${stream}`)).toBeNull()
  })
})

describe('a stream', () => {
  it.for<[string, () => Promise<unknown>]>([
    ['was lost', () => redis.flushDb()],
    ['lost its last entry', () => redis.xDel(stream, '20-0')],
    [
      'lost its last fifteen entries',
      () =>
        redis.xDel(
          stream,
          Array.from({ length: 15 }, (_, index) => `${index + 6}-0`),
        ),
    ],
    ['lost all entries but not its state', () => redis.del(stream)],
  ])('that %s gets back the same entries under the same sequences', async ([, lose]) => {
    await startRelay()
    await commit(...numbered('kept', 1, 20))
    await untilPublished(20)
    const before = await entries()

    await lose()

    await untilPublished(20)
    expect(await entries()).toEqual(before)
  })

  it('gets back what one of its groups has not applied, however old', async () => {
    await startRelay()
    await commit(...numbered('old', 1, 4))
    await untilPublished(4)
    await segmentCollection(db).updateMany({ _id: { $gte: 0 } }, { $set: { sealedAt: new Date('2020-01-01') } })
    const { epoch } = (await segmentCollection(db).findOne({ _id: 1 }))!
    await storeReports(
      db,
      new Map([
        ['audit', { epoch, sequence: 4 }],
        ['decisions', { epoch, sequence: 2 }],
      ]),
      new Date(),
    )

    await redis.flushDb()

    await untilPublished(2)
    expect(await publishedIds()).toEqual(['old-3', 'old-4'])
  })

  it('keeps its last entry when all groups have applied it and it is old', async () => {
    await startRelay()
    await commit(...numbered('old', 1, 4))
    await untilPublished(4)
    await segmentCollection(db).updateMany({ _id: { $gte: 0 } }, { $set: { sealedAt: new Date('2020-01-01') } })
    const { epoch } = (await segmentCollection(db).findOne({ _id: 1 }))!
    const applied = { epoch, sequence: 4 }
    await storeReports(
      db,
      new Map([
        ['audit', applied],
        ['decisions', applied],
      ]),
      new Date(),
    )

    await redis.flushDb()

    await untilPublished(1)
    expect(await publishedIds()).toEqual(['old-4'])
  })

  it('is filled again for a group that comes back and lacks entries', async () => {
    await startRelay()
    await commit(...numbered('t', 1, 6))
    await untilPublished(6)
    const { epoch } = (await segmentCollection(db).findOne({ _id: 1 }))!
    await redis.xDel(stream, ['1-0', '2-0', '3-0'])

    await reportPosition(redis, { stream, group: 'audit', position: { epoch, sequence: 1 } })

    await untilPublished(5)
    expect(await publishedIds()).toEqual(['t-2', 't-3', 't-4', 't-5', 't-6'])
  })

  it.for<[string, number]>([
    ['shorter than', 1],
    ['as long as', 3],
    ['longer than', 5],
  ])('begins a new epoch when its log was restored, and is %s before when that is noticed', async ([, events]) => {
    await startRelay()
    await commit(...numbered('t', 1, 3))
    await untilPublished(3)
    const [{ message: before }] = (await entries()) as unknown as [{ message: Record<string, string> }]

    // An older copy lacks the only segment; what is committed next is sealed in its place.
    await segmentCollection(db).deleteOne({ _id: 1 })
    await commit(...numbered('new', 11, 10 + events))

    const wanted = numbered('new', 11, 10 + events).map(({ id }) => id)
    await expect.poll(publishedIds).toEqual(wanted)
    const [{ id, message: after }] = (await entries()) as unknown as [{ id: string; message: Record<string, string> }]
    expect(id).toBe('1-0')
    expect(after.epoch).not.toBe(before.epoch)
  })
})

describe('a log that was restored from an older copy while Redis was lost', () => {
  /** The copy lacks the last of three segments; groups have applied them all. */
  const restoreOlderCopy = async () => {
    await startRelay()
    for (const number of [1, 2, 3]) {
      await commit(eventOf('t', number))
      await untilPublished(number)
    }
    const { epoch } = (await segmentCollection(db).findOne({ _id: 1 }))!
    await segmentCollection(db).deleteMany({ _id: { $gt: 1 } })
    await redis.flushDb()
    return epoch
  }
  const epochOfFirst = async () => (await entries())[0]?.message.epoch

  it('begins a new epoch once a group reports more than it has', async () => {
    const epoch = await restoreOlderCopy()
    await untilPublished(1)
    expect(await epochOfFirst()).toBe(epoch)

    await reportPosition(redis, { stream, group: 'audit', position: { epoch, sequence: 3 } })

    const renewed = async () => (await entries()).map(({ message }) => message.epoch !== epoch)
    await expect.poll(renewed).toEqual([true])
    expect(await publishedIds()).toEqual(['t-1'])
  })

  it('begins a new epoch where Redis then becomes a copy from before, that ends with the same sequence', async () => {
    await startRelay()
    await commit(eventOf('t', 1))
    await untilPublished(1)
    await commit(eventOf('t', 2))
    await untilPublished(2)
    const keys = [stream, `state:${stream}`]
    const copies = await Promise.all(
      keys.map((key) => redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).dump(key)),
    )
    await segmentCollection(db).deleteMany({ _id: { $gt: 1 } })
    await redis.flushDb()
    await untilPublished(1)
    await commit(eventOf('new', 12))
    await untilPublished(2)

    const restoring = redis.multi()
    for (const [index, key] of keys.entries()) restoring.restore(key, 0, copies[index]!, { REPLACE: true })
    await restoring.exec()

    await expect.poll(publishedIds).toEqual(['t-1', 'new-12'])
  })
})

describe('an upgrade with events of a day in the outbox', () => {
  it('seals them all before readers can begin, so that none looks new to them', async () => {
    await commit(...numbered('old', 1, 1_100))

    await startRelay()

    await untilPublished(1_100)
    expect(await redis.hGet(`state:${stream}`, 'rebuiltTo')).toBe('1100')
  })
})

describe('the state of a stream', () => {
  it('does not come into being by noting the oldest entry after a loss', async () => {
    await createEventStream(redis, stream).setOldest(7)

    expect(await redis.exists(`state:${stream}`)).toBe(0)
  })
})

describe('two outbox relays on one database', () => {
  it('publish each event once', async () => {
    const relays = [await startRelay(), await startRelay()]
    const events = numbered('shared', 1, 100)

    for (const [index, event] of events.entries()) {
      await commit(event)
      relays[index % 2]!.wake()
    }

    await untilPublished(100)
    expect(await publishedIds()).toEqual(idsOf(events))
  })

  it('pass a wake-up on to the leader', async () => {
    await startRelay()
    await expect.poll(() => redis.get(`leader:relay:${stream}`)).not.toBeNull()
    const follower = await startRelay()

    await commit(eventOf('t', 1))
    follower.wake()

    await untilPublished(1)
  })

  it('take over from each other when the connections of one are lost', async () => {
    const [lostRedis, lostMongo] = [await connectTestRedis(REDIS), await connectTestMongo()]
    const lost = await startOutboxRelay({
      sweepMs: 100,
      ...{ mongo: lostMongo, db: lostMongo.db(db.databaseName), redis: lostRedis, stream, logger: silent },
    })
    await expect.poll(() => redis.get(`leader:relay:${stream}`)).not.toBeNull()
    await startRelay()

    lostRedis.destroy()
    await lostMongo.close()
    await commit(eventOf('orphan', 1))

    await untilPublished(1)
    await lost.stop()
  })
})

import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { inTransaction } from '../stores/mongo.ts'
import { eventOf } from '../testing/events.ts'
import { connectTestMongo, connectTestRedis, openTestDatabase, openTestRedis, silent } from '../testing/stores.ts'
import { type DomainEvent, STREAMS } from './envelope.ts'
import { createOutbox, outboxCollection, prepareOutbox } from './outbox.ts'
import { startOutboxRelay } from './outbox-relay.ts'

const REDIS = 1
const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(REDIS)
const stream = STREAMS.issues

const startRelay = async () => {
  const relay = await startOutboxRelay({ db, redis, stream, logger: silent })
  onTestFinished(relay.stop)
  return relay
}
const commit = (...events: readonly DomainEvent[]) =>
  inTransaction(mongo, (session) => createOutbox(db, () => {}).add(events, session))
const published = async (): Promise<readonly DomainEvent[]> =>
  ((await redis.xRange(stream, '-', '+')) ?? []).map((entry) => JSON.parse(entry!.message.event!))
const publishedIds = async () => (await published()).map(({ id }) => id)
const untilPublished = (count: number) => expect.poll(publishedIds).toHaveLength(count)
const numbered = (entity: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => eventOf(entity, from + index))
const idsOf = (events: readonly DomainEvent[]) => events.map(({ id }) => id)

beforeEach(async () => {
  await prepareOutbox(db)
})
afterEach(async () => {
  await outboxCollection(db).drop()
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

  it('publishes nothing of a transaction that was aborted', async () => {
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

  it('publishes in the order in which things happened, whatever the order of their ids', async () => {
    const events = [eventOf('b', 1), eventOf('a', 2), eventOf('b', 10), eventOf('b', 9), eventOf('a', 11)]

    await commit(...events)
    await startRelay()

    await untilPublished(5)
    expect(await publishedIds()).toEqual(['b-1', 'a-2', 'b-9', 'b-10', 'a-11'])
  })

  it('publishes more than fits into one round, in order and once', async () => {
    const events = numbered('many', 1, 1_203)

    await commit(...events)
    await startRelay()

    await untilPublished(1_203)
    expect(await publishedIds()).toEqual(idsOf(events))
  })

  it('finds events in its sweep, without a wake-up', async () => {
    await startRelay()
    await untilPublished(0)

    await commit(eventOf('unannounced', 1))

    await untilPublished(1)
  })

  it('marks published events, so that the next start publishes none again', async () => {
    const first = await startOutboxRelay({ db, redis, stream, logger: silent })
    await commit(eventOf('before', 1))
    await untilPublished(1)
    await expect.poll(() => outboxCollection(db).findOne({ _id: 'before-1' })).toMatchObject({ published: true })
    await first.stop()

    await startRelay()
    await commit(eventOf('after', 2))

    await untilPublished(2)
    expect(await publishedIds()).toEqual(['before-1', 'after-2'])
  })

  it('that stopped leaves the election at once', async () => {
    const first = await startOutboxRelay({ db, redis, stream, logger: silent })
    await expect.poll(() => redis.get(`leader:relay:${stream}`)).not.toBeNull()

    await first.stop()

    expect(await redis.get(`leader:relay:${stream}`)).toBeNull()
  })

  it('publishes everything again when Redis was lost, in the same order', async () => {
    await startRelay()
    const events = numbered('kept', 1, 20)
    await commit(...events)
    await untilPublished(20)

    await redis.flushDb()

    await untilPublished(20)
    expect(await publishedIds()).toEqual(idsOf(events))
  })

  it('does not publish events again that are older than an hour when Redis was lost', async () => {
    await startRelay()
    await commit(eventOf('old', 1), eventOf('new', 2))
    await untilPublished(2)
    await expect.poll(() => outboxCollection(db).findOne({ _id: 'new-2' })).toMatchObject({ published: true })
    const longAgo = new Date(Date.now() - 61 * 60 * 1000)
    await outboxCollection(db).updateOne({ _id: 'old-1' }, { $set: { publishedAt: longAgo } })

    await redis.flushDb()

    await untilPublished(1)
    expect(await publishedIds()).toEqual(['new-2'])
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

  it('pass a wake-up on to the one that leads', async () => {
    await startRelay()
    await expect.poll(() => redis.get(`leader:relay:${stream}`)).not.toBeNull()
    const follower = await startRelay()
    const listener = await connectTestRedis(REDIS)
    onTestFinished(() => listener.destroy())
    const woken: string[] = []
    await listener.subscribe(`wake:${stream}`, (message) => woken.push(message))

    await commit(eventOf('t', 1))
    follower.wake()

    await expect.poll(() => woken).toHaveLength(1)
    await untilPublished(1)
  })

  it('take over from each other when the connections of one are gone', async () => {
    const [lostRedis, lostMongo] = [await connectTestRedis(REDIS), await connectTestMongo()]
    const lost = await startOutboxRelay({ db: lostMongo.db(db.databaseName), redis: lostRedis, stream, logger: silent })
    await expect.poll(() => redis.get(`leader:relay:${stream}`)).not.toBeNull()
    await startRelay()

    lostRedis.destroy()
    await lostMongo.close()
    await commit(eventOf('orphan', 1))

    await untilPublished(1)
    await lost.stop()
  })
})

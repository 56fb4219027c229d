import { type ClientSession, MongoNetworkError } from 'mongodb'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { eventOf } from '../testing/events.ts'
import { createTestPublisher } from '../testing/published-events.ts'
import { connectTestRedis, openTestDatabase, openTestRedis, silent } from '../testing/stores.ts'
import { deadEventCollection } from './dead-letters/dead-events.ts'
import { type DomainEvent, STREAMS } from './envelope.ts'
import { type Apply, positionCollection } from './log/group-store.ts'
import { BEYOND_ANY_LOG, readReports } from './log/reports.ts'
import { type ConsumerOptions, startStreamConsumer } from './stream-consumer.ts'

const REDIS = 3
const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(REDIS)
const stream = STREAMS.issues
const QUICK_LEASE = { leaseMs: 300, renewMs: 100 }

type Effect = { _id: string; event: string }
let group = ''
let effects = db.collection<Effect>('effects')
let publisher: Awaited<ReturnType<typeof createTestPublisher>>

/** One row for each time that an event took effect. */
const noteEffects = async (events: readonly DomainEvent[], session: ClientSession) => {
  const rows = events.map((event) => ({ _id: crypto.randomUUID(), event: event.id }))
  await effects.insertMany(rows, { session })
}
const failFor =
  (entityId: string) =>
  async (events: readonly DomainEvent[], session: ClientSession): Promise<void> => {
    await noteEffects(events, session)
    if (events.some(({ entity }) => entity.id === entityId)) throw new Error(`${entityId} cannot be applied`)
  }

const consume = async (options: Partial<ConsumerOptions> = {}) => {
  const own = { mongo, db, redis, streams: [stream], group, apply: noteEffects, lease: QUICK_LEASE, logger: silent }
  const consumer = await startStreamConsumer({ ...own, ...options })
  onTestFinished(consumer.stop)
  return consumer
}
const applied = async () => (await effects.find().toArray()).map(({ event }) => event)
const untilApplied = (ids: readonly string[]) =>
  expect.poll(async () => (await applied()).toSorted()).toEqual(ids.toSorted())
const position = async () => (await positionCollection(db).findOne({ _id: `${group} ${stream}` }))?.sequence
const untilPosition = (sequence: number) => expect.poll(position).toBe(sequence)
const setAside = () => deadEventCollection(db).find({ group }).sort({ sequence: 1 }).toArray()
/** The next attempts of all events that wait are due at once. */
const hurry = () =>
  deadEventCollection(db).updateMany({ group, nextAttemptAt: { $ne: null } }, { $set: { nextAttemptAt: new Date(1) } })

let tests = 0
beforeEach(async () => {
  group = `group${++tests}`
  effects = db.collection<Effect>(`effects_${tests}`)
  await redis.flushDb()
  publisher = await createTestPublisher(redis, stream)
})

describe('a stream consumer', () => {
  it('applies events together with others that have their effect already, which stays as it is', async () => {
    const insert: Apply = async (events, session, { isRepeat }) => {
      const ids = events.map(({ id }) => id)
      const there = isRepeat
        ? (await effects.find({ _id: { $in: ids } }, { session }).toArray()).map(({ _id }) => _id)
        : []
      const rows = ids.filter((id) => !there.includes(id)).map((id) => ({ _id: id, event: id }))
      await effects.insertMany(rows, { session })
    }
    await effects.insertOne({ _id: 't-2', event: 'earlier' })
    await publisher.publish(eventOf('t', 1), eventOf('t', 2), eventOf('t', 3))
    await consume({ apply: insert })

    await untilApplied(['t-1', 'earlier', 't-3'])
    expect(await setAside()).toEqual([])
  })

  it('applies events that were published before it started, and those that come afterwards', async () => {
    await publisher.publish(eventOf('t', 1))

    await consume()
    await untilApplied(['t-1'])
    await publisher.publish(eventOf('t', 2))

    await untilApplied(['t-1', 't-2'])
  })

  it('applies in the order of the stream', async () => {
    const seen: string[] = []
    const events = Array.from({ length: 1_250 }, (_, index) => eventOf('t', index))
    await publisher.publish(...events)

    await consume({
      apply: async (batch) => {
        seen.push(...batch.map(({ id }) => id))
      },
    })

    await untilPosition(1_250)
    expect(seen).toEqual(events.map(({ id }) => id))
  })

  it('passes over irrelevant events, and stores and reports that it did', async () => {
    await publisher.publish(eventOf('t', 1), eventOf('other', 2), eventOf('other', 3))

    await consume({ isRelevant: ({ entity }) => entity.id === 't' })

    await untilPosition(3)
    expect(await applied()).toEqual(['t-1'])
    await expect.poll(async () => (await readReports(redis, stream)).get(group)?.sequence).toBe(3)
  })

  it('goes on at its position after a restart', async () => {
    await publisher.publish(eventOf('t', 1))
    const first = await consume()
    await untilApplied(['t-1'])
    await first.stop()

    await publisher.publish(eventOf('t', 2))
    await consume()

    await untilApplied(['t-1', 't-2'])
  })

  it('calls afterCommit with what was committed, and goes on where that fails', async () => {
    const committed: string[] = []
    await publisher.publish(eventOf('t', 1), eventOf('t', 2))

    await consume({
      afterCommit: async (events) => {
        committed.push(...events.map(({ id }) => id))
        throw new Error('the queue is away')
      },
    })
    await untilApplied(['t-1', 't-2'])
    await publisher.publish(eventOf('t', 3))

    await untilApplied(['t-1', 't-2', 't-3'])
    await expect.poll(() => committed).toEqual(['t-1', 't-2', 't-3'])
  })

  it('stops while it waits for events', async () => {
    const consumer = await consume()
    await publisher.publish(eventOf('t', 1))
    await untilApplied(['t-1'])

    await consumer.stop()

    expect(await redis.get(`leader:consumer:${group}`)).toBeNull()
  })

  it('leaves no connection open where it stops just before its first round', async () => {
    const connections = async () => (await redis.clientList()).filter(({ db: number }) => number === REDIS).length
    const before = await connections()
    const begun = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const recover = () => {
      begun.resolve()
      return end.promise
    }
    const consumer = await consume({ recover })
    await begun.promise

    const stopped = consumer.stop()
    end.resolve()
    await stopped

    await expect.poll(connections).toBe(before)
  })

  it('stops while the database is away, and leaves its events to the next', async () => {
    let attempts = 0
    const consumer = await consume({
      apply: async () => {
        attempts++
        throw new MongoNetworkError('away')
      },
    })
    await publisher.publish(eventOf('t', 1))
    await expect.poll(() => attempts).toBeGreaterThan(0)

    await consumer.stop()
    await consume()

    await untilApplied(['t-1'])
  })
})

describe('an event that cannot be applied', () => {
  it('is set aside alone and without an effect; its neighbours are applied', async () => {
    await publisher.publish(eventOf('a', 1), eventOf('a', 2), eventOf('bad', 3), eventOf('b', 4), eventOf('b', 5))

    await consume({ apply: failFor('bad') })

    await untilApplied(['a-1', 'a-2', 'b-4', 'b-5'])
    expect(await setAside()).toMatchObject([
      {
        ...{ stream, sequence: 3, entity: 'Thing bad', text: JSON.stringify(eventOf('bad', 3)) },
        ...{ reason: 'Error: bad cannot be applied', attempts: 1, nextAttemptAt: expect.any(Date) },
      },
    ])
  })

  it('is applied later, before the events of its entity that came behind it', async () => {
    let isBroken = true
    const committed: string[] = []
    await publisher.publish(eventOf('bad', 1), eventOf('t', 2), eventOf('bad', 3))
    await consume({
      apply: (events, session) => (isBroken ? failFor('bad') : noteEffects)(events, session),
      afterCommit: async (events) => {
        committed.push(...events.map(({ id }) => id))
      },
    })
    await untilApplied(['t-2'])
    await expect.poll(async () => (await setAside()).length).toBe(2)

    isBroken = false
    const hurried = async () => {
      await hurry()
      return committed
    }
    await expect.poll(hurried, { interval: 100 }).toEqual(['t-2', 'bad-1', 'bad-3'])

    await untilApplied(committed)
    expect(await setAside()).toEqual([])
  })

  it.for([['{"no": "event"}'], ['not json'], ['']])(
    'because it is not an event is a dead letter at once: %s',
    async ([text]) => {
      await publisher.publishTexts(text!)
      await publisher.publish(eventOf('t', 1))

      await consume()

      await untilApplied(['t-1'])
      expect(await setAside()).toMatchObject([
        { text, entity: null, reason: 'This is not an event.', nextAttemptAt: null },
      ])
    },
  )

  it('because the database is away is not set aside', async () => {
    let failures = 0
    await publisher.publish(eventOf('t', 1))

    await consume({
      apply: async (events, session) => {
        if (++failures <= 4) throw new MongoNetworkError('away')
        await noteEffects(events, session)
      },
    })

    await untilApplied(['t-1'])
    expect(await setAside()).toEqual([])
  })
})

describe('a consumer of a stream that Redis lost', () => {
  it('applies nothing again when the stream is filled again, and goes on with what is new', async () => {
    await publisher.publish(eventOf('t', 1), eventOf('t', 2))
    await consume()
    await untilApplied(['t-1', 't-2'])

    await redis.flushDb()
    publisher = await createTestPublisher(redis, stream)
    await publisher.publish(eventOf('t', 1), eventOf('t', 2), eventOf('t', 3))

    await untilApplied(['t-1', 't-2', 't-3'])
  })

  it('begins anew where the entry at its position is another one, once the log has a new epoch', async () => {
    await publisher.publish(eventOf('t', 1), eventOf('lost', 2))
    await consume()
    await untilApplied(['t-1', 'lost-2'])

    // The log was restored from an older copy, and grew past the position before any report of it.
    await redis.flushDb()
    publisher = await createTestPublisher(redis, stream)
    await publisher.publish(eventOf('t', 1), eventOf('new', 3), eventOf('new', 4))
    await expect.poll(async () => (await readReports(redis, stream)).get(group)?.sequence).toBe(BEYOND_ANY_LOG)
    expect((await applied()).sort()).toEqual(['lost-2', 't-1'])

    publisher = await createTestPublisher(redis, stream, 'other')
    await publisher.publish(eventOf('new', 3), eventOf('new', 4))
    await untilApplied(['t-1', 'lost-2', 'new-3', 'new-4'])
  })

  it('begins with the oldest entry of the log, not with the first that is left on the stream', async () => {
    await publisher.publish(eventOf('t', 1), eventOf('t', 2))
    await redis.xDel(stream, '1-0')

    await consume()
    await expect
      .poll(async () => (await readReports(redis, stream)).get(group))
      .toMatchObject({ epoch: 'test', sequence: 0 })

    expect(await applied()).toEqual([])
  })

  it('waits where entries are missing before the next one', async () => {
    await publisher.publish(eventOf('t', 1))
    const consumer = await consume()
    await untilApplied(['t-1'])
    await consumer.stop()
    await publisher.publish(eventOf('t', 2), eventOf('t', 3))
    await redis.xDel(stream, ['1-0', '2-0'])

    await consume()
    await expect.poll(async () => (await readReports(redis, stream)).get(group)?.sequence).toBe(1)

    expect(await applied()).toEqual(['t-1'])
  })

  it('goes on behind entries that the log does not have any more', async () => {
    await publisher.publish(eventOf('t', 1))
    const consumer = await consume()
    await untilApplied(['t-1'])
    await consumer.stop()
    await publisher.publish(eventOf('t', 2), eventOf('t', 3))
    await redis.xDel(stream, ['1-0', '2-0'])
    await redis.hSet(`state:${stream}`, 'oldest', '3')

    await consume()

    await untilApplied(['t-1', 't-3'])
  })

  it('begins anew where the log has another epoch', async () => {
    await publisher.publish(eventOf('t', 1), eventOf('t', 2))
    await consume()
    await untilApplied(['t-1', 't-2'])

    publisher = await createTestPublisher(redis, stream, 'other')
    await publisher.publish(eventOf('new', 1))

    await untilApplied(['t-1', 't-2', 'new-1'])
  })
})

describe('several processes of one group', () => {
  it('apply nothing twice', async () => {
    await Promise.all([consume(), consume(), consume()])
    const events = Array.from({ length: 300 }, (_, index) => eventOf(`t${index % 7}`, index))

    for (let from = 0; from < 300; from += 50) await publisher.publish(...events.slice(from, from + 50))

    await untilApplied(events.map(({ id }) => id))
  })

  it('take over from one whose connections are lost', async () => {
    const lost = await connectTestRedis(REDIS)
    const dying = await consume({
      redis: lost,
      apply: async () => {
        throw new MongoNetworkError('dying')
      },
    })
    await publisher.publish(eventOf('t', 1))
    await expect.poll(() => redis.get(`leader:consumer:${group}`)).not.toBeNull()

    lost.destroy()
    await dying.stop()
    await consume()

    await untilApplied(['t-1'])
  })
})

describe('two groups', () => {
  it('each get every event', async () => {
    await publisher.publish(eventOf('t', 1))
    const others: string[] = []

    await consume()
    await consume({
      group: `${group}other`,
      apply: async (events) => {
        others.push(...events.map(({ id }) => id))
      },
    })

    await untilApplied(['t-1'])
    await expect.poll(() => others).toEqual(['t-1'])
  })
})

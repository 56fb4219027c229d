import { MongoNetworkError } from 'mongodb'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { eventOf } from '../testing/events.ts'
import { connectTestRedis, openTestDatabase, openTestRedis, silent } from '../testing/stores.ts'
import { type DomainEvent, STREAMS } from './envelope.ts'
import type { Apply } from './inbox.ts'
import { type ConsumerOptions, startStreamConsumer } from './stream-consumer.ts'

const REDIS = 3
const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(REDIS)
const stream = STREAMS.issues

type Effect = { _id: string; event: string }
let group = ''
let effects = db.collection<Effect>('effects')
const dead = db.collection<{ _id: string; group: string; text: string; reason: string }>('dead_events')

/** One row for each time that an event took effect. */
const noteEffects: Apply = async (events, session) => {
  const rows = events.map((event) => ({ _id: crypto.randomUUID(), event: event.id }))
  await effects.insertMany(rows, { session })
}
const failFor =
  (entityId: string): Apply =>
  async (events, session) => {
    await noteEffects(events, session)
    if (events.some(({ entity }) => entity.id === entityId)) throw new Error(`${entityId} cannot be applied`)
  }

const consume = async (options: Partial<ConsumerOptions> = {}) => {
  const own = { mongo, db, redis, streams: [stream], group, apply: noteEffects, logger: silent }
  const consumer = await startStreamConsumer({ ...own, ...options })
  onTestFinished(consumer.stop)
  return consumer
}
const publish = async (...events: readonly DomainEvent[]) => {
  for (const event of events) await redis.xAdd(stream, '*', { event: JSON.stringify(event) })
}
const applied = async () => (await effects.find().toArray()).map(({ event }) => event)
const heard = async () => (await db.collection(`inbox_${group}`).find().toArray()).map(({ _id }) => String(_id))
const pending = async () => (await redis.xPending(stream, group)).pending
const untilApplied = (ids: readonly string[]) =>
  expect.poll(async () => (await applied()).sort()).toEqual([...ids].sort())
const untilNothingPends = () => expect.poll(pending).toBe(0)
const burials = () => dead.find({ _id: { $gte: `${group}-`, $lt: `${group}.` } }).toArray()

let files = 0
beforeEach(async () => {
  group = `group${++files}`
  effects = db.collection<Effect>(`effects_${files}`)
  await redis.flushDb()
})

describe('a stream consumer', () => {
  it('applies events from before and after its start', async () => {
    await publish(eventOf('t', 1))

    await consume()
    await untilApplied(['t-1'])
    await publish(eventOf('t', 2))

    await untilApplied(['t-1', 't-2'])
    await untilNothingPends()
  })

  it('applies in the order of the stream', async () => {
    const seen: string[] = []
    const events = Array.from({ length: 450 }, (_, index) => eventOf('t', index))
    await publish(...events)

    await consume({
      apply: async (batch) => {
        seen.push(...batch.map(({ id }) => id))
      },
    })

    await untilNothingPends()
    await expect.poll(() => seen.length).toBe(450)
    expect(seen).toEqual(events.map(({ id }) => id))
  })

  it('applies an event once although it is delivered twice, at once or later', async () => {
    await publish(eventOf('t', 1), eventOf('t', 1))

    await consume()
    await untilApplied(['t-1'])
    await publish(eventOf('t', 1), eventOf('t', 2))

    await untilApplied(['t-1', 't-2'])
  })

  it('calls afterCommit for every delivery, so that a failure there is repaired', async () => {
    const told: string[] = []
    await publish(eventOf('t', 1))

    await consume({
      afterCommit: async (events) => {
        told.push(...events.map(({ id }) => id))
      },
    })
    await untilApplied(['t-1'])
    await publish(eventOf('t', 1))

    await expect.poll(() => told).toEqual(['t-1', 't-1'])
  })

  it('does not give up an event because afterCommit fails for a while', async () => {
    let failures = 0
    await publish(eventOf('t', 1))

    await consume({
      afterCommit: async () => {
        if (++failures < 8) throw new Error('the queue is away')
      },
    })

    await untilApplied(['t-1'])
    await untilNothingPends()
    expect([failures, await burials()]).toEqual([8, []])
  })

  it('leaves neither an effect nor a note in the inbox of an event that fails', async () => {
    await publish(eventOf('bad', 1))

    await consume({ apply: failFor('bad') })

    await expect.poll(async () => (await burials()).length).toBe(1)
    expect([await applied(), await heard()]).toEqual([[], []])
  })

  it('sets an event aside after five deliveries, and applies its neighbours', async () => {
    const tries: number[] = []
    await publish(eventOf('good', 1), eventOf('bad', 2), eventOf('good', 3))

    await consume({
      apply: async (events, session) => {
        if (events.some(({ entity }) => entity.id === 'bad')) tries.push(events.length)
        await failFor('bad')(events, session)
      },
    })

    await untilApplied(['good-1', 'good-3'])
    await expect.poll(async () => (await burials()).length).toBe(1)
    await untilNothingPends()
    expect(await burials()).toMatchObject([
      { group, text: JSON.stringify(eventOf('bad', 2)), reason: 'Error: bad cannot be applied' },
    ])
    // Once with its neighbours, which counts as its first delivery, and then alone.
    expect(tries).toEqual([3, 1, 1, 1, 1])
  })

  it.for([['{"no": "event"}'], ['not json'], ['']])(
    'moves a message that is not an event to the dead letters: %s',
    async ([text]) => {
      await redis.xAdd(stream, '*', { event: text! })
      await publish(eventOf('t', 1))

      await consume()

      await untilApplied(['t-1'])
      await untilNothingPends()
      expect(await burials()).toMatchObject([{ text, reason: 'This is not an event.' }])
    },
  )

  it('sets aside two messages that have the same id in two streams', async () => {
    await redis.xAdd(STREAMS.issues, '7-1', { event: 'one' })
    await redis.xAdd(STREAMS.decisions, '7-1', { event: 'other' })

    await consume({ streams: [STREAMS.issues, STREAMS.decisions] })

    await expect.poll(async () => (await burials()).map(({ text }) => text).sort()).toEqual(['one', 'other'])
  })

  it('does not count the times that the database was away as deliveries', async () => {
    let failures = 0
    await publish(eventOf('t', 1))

    await consume({
      apply: async (events, session) => {
        if (++failures <= 8) throw new MongoNetworkError('away')
        await noteEffects(events, session)
      },
    })

    await untilApplied(['t-1'])
    expect(await burials()).toEqual([])
  })

  it('continues without a loss after Redis was lost', async () => {
    await publish(eventOf('t', 1))
    await consume()
    await untilApplied(['t-1'])

    await redis.flushDb()
    await publish(eventOf('t', 1), eventOf('t', 2))

    await untilApplied(['t-1', 't-2'])
  })

  it('continues after Redis was lost while it held a failing event', async () => {
    let tries = 0
    await publish(eventOf('bad', 1))
    await consume({
      apply: async (events, session) => {
        tries++
        await failFor('bad')(events, session)
      },
    })
    await expect.poll(() => tries).toBeGreaterThan(1)

    await redis.flushDb()
    await publish(eventOf('t', 2))

    await untilApplied(['t-2'])
  })

  it('takes nothing while it may not', async () => {
    let allowed = false
    await publish(eventOf('t', 1))
    await consume({ isLeader: () => allowed })
    await expect.poll(() => db.listCollections({ name: `inbox_${group}` }).hasNext()).toBe(true)

    const before = await applied()
    allowed = true

    await untilApplied(['t-1'])
    expect(before).toEqual([])
  })

  it('that is stopped leaves its group, even while it waits for messages', async () => {
    const consumer = await consume()
    await publish(eventOf('t', 1))
    await untilApplied(['t-1'])

    await consumer.stop()

    expect(await redis.xInfoConsumers(stream, group)).toEqual([])
  })

  it('stops while the database is away, and leaves its messages to others', async () => {
    const failing: Apply = async () => {
      throw new MongoNetworkError('away')
    }
    const consumer = await consume({ apply: failing })
    await publish(eventOf('t', 1))
    await expect.poll(() => pending().catch(() => 0)).toBe(1)

    await consumer.stop()

    expect(await pending()).toBe(1)
  })
})

describe('two members of one group', () => {
  it('share the work and apply nothing twice', async () => {
    await Promise.all([consume(), consume(), consume()])
    const events = Array.from({ length: 300 }, (_, index) => eventOf(`t${index % 7}`, index))

    await Promise.all([publish(...events), publish(...events)])

    await untilApplied(events.map(({ id }) => id))
    await untilNothingPends()
    expect(await applied()).toHaveLength(300)
  })

  it('take over the messages of a dead member', async () => {
    const lost = await connectTestRedis(REDIS)
    const dying = await consume({
      redis: lost,
      apply: async () => {
        throw new MongoNetworkError('dying')
      },
    })
    await publish(eventOf('t', 1))
    await expect.poll(() => pending().catch(() => 0)).toBe(1)

    lost.destroy()
    await dying.stop()
    await consume({ takeOver: { abandonedMs: 300, everyMs: 100 } })

    await untilApplied(['t-1'])
    await untilNothingPends()
  })
})

describe('two groups', () => {
  it('each get every event', async () => {
    await publish(eventOf('t', 1))
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

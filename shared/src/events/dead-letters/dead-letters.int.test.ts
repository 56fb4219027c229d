import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { inTransaction } from '../../stores/mongo.ts'
import { eventOf } from '../../testing/events.ts'
import { createTestPublisher } from '../../testing/published-events.ts'
import { openTestDatabase, openTestRedis, silent } from '../../testing/stores.ts'
import { type DomainEvent, STREAMS } from '../envelope.ts'
import { createGroupStore, prepareGroupStore } from '../log/group-store.ts'
import { type ConsumerOptions, startStreamConsumer } from '../stream-consumer.ts'
import { deadEventCollection } from './dead-events.ts'
import { createDeadLetterAlerts, type RecordEvents } from './dead-letter-alerts.ts'
import { createDeadLetters } from './dead-letters.ts'

const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(15)
const stream = STREAMS.issues
const cause = { actor: 'ada', requestId: 'req-1', ip: null, tenant: 'default' }
const QUICK_LEASE = { leaseMs: 300, renewMs: 100 }

type Recorded = { _id: string; event: DomainEvent & { data: Record<string, unknown> } }
let group = ''
let tests = 0
/** As in a service: what is recorded is part of the transaction. */
const record: RecordEvents = async (events, session) => {
  const rows = events.map((event) => ({ _id: event.id, event: JSON.parse(JSON.stringify(event)) as Recorded['event'] }))
  await db.collection<Recorded>('recorded').insertMany(rows, { session })
}
const recorded = async () =>
  (await db.collection<Recorded>('recorded').find().toArray())
    .map(({ event }) => event)
    .filter(({ entity }) => entity.id === group)
const letters = () => createDeadLetters({ mongo, db, group, record, now: () => new Date() })
const dead = (sequence: number, text = JSON.stringify(eventOf('t', sequence))) => ({
  ...{ _id: `${group} ${sequence}`, group, stream, sequence, entity: null, eventType: 'thing.happened', text },
  ...{ reason: 'Error: no', attempts: 10, nextAttemptAt: null, at: new Date(sequence) },
})
const consume = async (options: Partial<ConsumerOptions>) => {
  const own = { mongo, db, redis, streams: [stream], group, record, lease: QUICK_LEASE, logger: silent }
  const consumer = await startStreamConsumer({ ...own, apply: async () => undefined, ...options })
  onTestFinished(consumer.stop)
}

beforeEach(async () => {
  group = `group${++tests}`
  await redis.flushDb()
  await prepareGroupStore(db)
})

describe('dead letters', () => {
  it('are listed by their group, newest first, with what can be read of their event', async () => {
    await deadEventCollection(db).insertMany([dead(1), dead(2, 'not json'), { ...dead(3), nextAttemptAt: new Date() }])
    await deadEventCollection(db).insertOne({ ...dead(4), _id: 'other', group: 'other' })

    const all = await letters().page({}, {})
    const onlyDead = await letters().page({ isDead: true, eventType: 'thing.happened', stream }, { first: 1 })

    expect(all.nodes.map(({ sequence, eventId }) => [sequence, eventId])).toEqual([
      [3, 't-3'],
      [2, null],
      [1, 't-1'],
    ])
    expect(onlyDead.nodes).toMatchObject([{ sequence: 2, entityId: null, reason: 'Error: no', nextAttemptAt: null }])
    expect(await onlyDead.totalCount()).toBe(2)
  })

  it('wait again after a replay, which is recorded with its caller; a repeat changes and records nothing', async () => {
    await deadEventCollection(db).insertMany([dead(1), dead(2, 'not json'), dead(3)])

    const one = await letters().replay({ ids: [`${group} 3`, 'unknown'], cause })
    const rest = await letters().replay({ ids: null, cause })
    const repeat = await letters().replay({ ids: null, cause })

    expect([one, rest, repeat].map(({ replayed }) => replayed)).toEqual([1, 1, 0])
    const waiting = await deadEventCollection(db)
      .find({ group, nextAttemptAt: { $gt: new Date(0) } })
      .toArray()
    expect(waiting.map(({ sequence, attempts, entity }) => [sequence, attempts, entity]).sort()).toEqual([
      [1, 0, 'Thing t'],
      [3, 0, 'Thing t'],
    ])
    const events = await recorded()
    expect(events.map(({ type, actor, data }) => [type, actor, data])).toEqual([
      ['dead_letters.replayed', 'ada', { group, ids: [`${group} 3`] }],
      ['dead_letters.replayed', 'ada', { group, ids: [`${group} 1`] }],
    ])
  })

  it('are applied by a running consumer after a replay', async () => {
    const applied: string[] = []
    await createTestPublisher(redis, stream)
    await consume({ apply: async (events) => void applied.push(...events.map(({ id }) => id)) })
    await deadEventCollection(db).insertOne(dead(1))

    await letters().replay({ ids: null, cause })

    await expect.poll(() => applied).toEqual(['t-1'])
    await expect.poll(async () => (await letters().page({}, {})).nodes).toEqual([])
  })
})

describe('an alert', () => {
  it('is raised with the event that is set aside, once for many, and at once for a text that is not an event', async () => {
    const publisher = await createTestPublisher(redis, stream)
    await publisher.publish(eventOf('bad', 1), eventOf('bad', 2), eventOf('bad2', 3))
    await publisher.publishTexts('not an event')

    await consume({
      apply: async () => {
        throw new Error('no')
      },
    })

    await expect.poll(async () => (await letters().page({}, {})).nodes.length).toBe(4)
    const alerts = (await recorded()).map(({ type, data: { type: kind, severity } }) => `${type} ${kind} ${severity}`)
    expect(alerts.sort()).toEqual(['alert.raised DEAD_LETTER CRITICAL', 'alert.raised EVENT_SET_ASIDE WARNING'])
  })

  it('is not raised again by the next leader while its cooldown lasts, and is after that', async () => {
    const fails: readonly [number, number][] = [
      [1, 0],
      [2, 59_000],
      [3, 60_001],
    ]
    for (const [sequence, ms] of fails) {
      const alerts = createDeadLetterAlerts({ db, group, record })
      const letter = { stream, sequence, event: eventOf('bad', sequence) }
      const at = new Date(Date.parse('2030-01-01T00:00:00Z') + ms)
      await inTransaction(mongo, (session) => alerts.raise('DEAD_LETTER', [letter], { at, session }))
    }

    const times = (await recorded()).map(({ at }) => at)
    expect(times).toEqual(['2030-01-01T00:00:00.000Z', '2030-01-01T00:01:00.001Z'])
  })

  it('is not raised for an attempt that another process has made meanwhile, and no effect is applied', async () => {
    let applied = 0
    const store = createGroupStore({ mongo, db, group, record, apply: async () => void applied++ })
    await deadEventCollection(db).insertOne({ ...dead(1), attempts: 9, nextAttemptAt: new Date() })
    const stale = (await store.readWaiting(`${group} 1`))!
    const failed = { attempts: 10, reason: 'Error: no', nextAttemptAt: null }
    await deadEventCollection(db).updateOne({ _id: stale.id }, { $set: { attempts: 10 } })

    expect([await store.noteFailure(stale, failed), await store.applyWaiting(stale)]).toEqual([false, false])

    expect([await recorded(), applied]).toEqual([[], 0])
  })
})

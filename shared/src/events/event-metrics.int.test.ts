import { beforeEach, expect, it } from 'vitest'
import { inTransaction } from '../stores/mongo.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { eventOf } from '../testing/events.ts'
import { createTestPublisher } from '../testing/published-events.ts'
import { readMetrics } from '../testing/read-metrics.ts'
import { openTestDatabase, openTestRedis } from '../testing/stores.ts'
import { deadEventMigrations } from './dead-letters/dead-event-migrations.ts'
import { deadEventCollection } from './dead-letters/dead-events.ts'
import { STREAMS } from './envelope.ts'
import { exposeConsumer, exposeOutbox } from './event-metrics.ts'
import { positionCollection, prepareGroupStore } from './log/group-store.ts'
import { outboxCollection, prepareOutbox } from './outbox.ts'

const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(5)
const stream = STREAMS.issues
const group = 'readers'
const labels = '{stream="events:issues",group="readers"}'

beforeEach(async () => {
  await redis.flushDb()
  await prepareOutbox(db)
  await prepareGroupStore(db)
})

it('an outbox exposes how many events wait to be published, and the age of the oldest', async () => {
  const metrics = createMetrics({ token: null })
  exposeOutbox(metrics, { db, stream })
  const before = await readMetrics(metrics, 'outbox')

  const rows = [30, 60].map((secondsAgo) => ({
    ...{ _id: `t-${secondsAgo}`, events: ['', ''] },
    at: new Date(Date.now() - secondsAgo * 1_000),
  }))
  await outboxCollection(db).insertMany(rows)
  const [waiting, age] = await readMetrics(metrics, 'outbox')

  expect(before).toEqual([
    'outbox_unpublished_events{stream="events:issues"} 0',
    'outbox_oldest_unpublished_age_seconds{stream="events:issues"} 0',
  ])
  expect(waiting).toBe('outbox_unpublished_events{stream="events:issues"} 4')
  expect(Number(age?.split(' ')[1])).toBeGreaterThanOrEqual(60)
})

it('a consumer group exposes its lag, the events that it tries again, and its dead letters', async () => {
  const metrics = createMetrics({ token: null })
  exposeConsumer(metrics, { db, redis, streams: [stream], group })
  const publisher = await createTestPublisher(redis, stream)
  await publisher.publish(eventOf('t', 1), eventOf('t', 2), eventOf('t', 3))
  await positionCollection(db).insertOne({ _id: `${group} ${stream}`, epoch: 'test', sequence: 1 })
  const dead = (sequence: number, nextAttemptAt: Date | null) => ({
    ...{
      _id: `${group}-${sequence}`,
      group,
      stream,
      sequence,
      entity: null,
      eventType: null,
      text: '',
      reason: '',
      attempts: 1,
    },
    ...{ nextAttemptAt, at: new Date() },
  })
  await deadEventCollection(db).insertMany([dead(1, new Date()), dead(2, null), dead(3, null)])

  expect(await readMetrics(metrics, 'event_consumer')).toEqual([
    `event_consumer_lag_events${labels} 2`,
    `event_consumer_pending_events${labels} 1`,
    `event_consumer_dead_letters${labels} 2`,
  ])
})

it('a consumer group exposes its dead letters where there is no stream yet, those of an earlier version too', async () => {
  const metrics = createMetrics({ token: null })
  exposeConsumer(metrics, { db, redis, streams: [stream], group })
  await deadEventCollection(db).deleteMany({ group })
  const old = { _id: 'old', group, text: JSON.stringify(eventOf('t', 1)), reason: 'Error: no', at: new Date() }
  await deadEventCollection(db).insertOne(old as never)

  const [complete] = deadEventMigrations({ group, stream })
  await inTransaction(mongo, (session) => complete!.run({ db, session, position: null }))

  expect(await readMetrics(metrics, 'event_consumer')).toEqual([
    `event_consumer_pending_events${labels} 0`,
    `event_consumer_dead_letters${labels} 1`,
  ])
})

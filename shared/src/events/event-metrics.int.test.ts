import { beforeEach, expect, it } from 'vitest'
import { createMetrics } from '../telemetry/metrics.ts'
import { eventOf } from '../testing/events.ts'
import { readMetrics } from '../testing/read-metrics.ts'
import { openTestDatabase, openTestRedis } from '../testing/stores.ts'
import { STREAMS } from './envelope.ts'
import { exposeConsumer, exposeOutbox } from './event-metrics.ts'
import { outboxCollection, prepareOutbox } from './outbox.ts'

const { db } = await openTestDatabase()
const redis = await openTestRedis(5)
const stream = STREAMS.issues
const group = 'readers'

beforeEach(async () => {
  await redis.flushDb()
  await prepareOutbox(db)
})

it('an outbox shows how many events wait for the relay, and since when', async () => {
  const metrics = createMetrics({ token: null })
  exposeOutbox(metrics, { db, stream })
  const before = await readMetrics(metrics, 'outbox')

  const rows = [30, 60].map((secondsAgo) => ({
    ...{ _id: `t-${secondsAgo}`, published: false, event: '' },
    at: new Date(Date.now() - secondsAgo * 1_000),
  }))
  await outboxCollection(db).insertMany([...rows, { ...rows[0]!, _id: 't-published', published: true }])
  const [waiting, age] = await readMetrics(metrics, 'outbox')

  expect(before).toEqual([
    'outbox_unpublished_events{stream="events:issues"} 0',
    'outbox_oldest_unpublished_age_seconds{stream="events:issues"} 0',
  ])
  expect(waiting).toBe('outbox_unpublished_events{stream="events:issues"} 2')
  expect(Number(age?.split(' ')[1])).toBeGreaterThanOrEqual(60)
})

it('a consumer group shows its lag and its pending events', async () => {
  const metrics = createMetrics({ token: null })
  exposeConsumer(metrics, { redis, streams: [stream], group })
  await redis.xGroupCreate(stream, group, '0', { MKSTREAM: true })
  for (const number of [1, 2, 3]) await redis.xAdd(stream, '*', { event: JSON.stringify(eventOf('t', number)) })
  await redis.xReadGroup(group, 'ada', { key: stream, id: '>' }, { COUNT: 1 })

  const labels = '{stream="events:issues",group="readers"}'
  expect(await readMetrics(metrics, 'event_consumer_pending')).toEqual([`event_consumer_pending_events${labels} 1`])
  // Redis 6 does not count them.
  expect([[`event_consumer_lag_events${labels} 2`], []]).toContainEqual(
    await readMetrics(metrics, 'event_consumer_lag'),
  )
})

it('a consumer group shows nothing without a stream', async () => {
  const metrics = createMetrics({ token: null })
  exposeConsumer(metrics, { redis, streams: [stream], group })

  expect(await readMetrics(metrics, 'event_consumer')).toEqual([])
})

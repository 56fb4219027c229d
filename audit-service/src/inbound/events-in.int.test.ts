import { STREAMS } from '@redress/shared/events/envelope.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { type StreamConsumer, startStreamConsumer } from '@redress/shared/events/stream-consumer.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { createTestPublisher } from '@redress/shared/testing/published-events.ts'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { issueEvent, issueEvents } from '../../test/events.ts'
import { type Database, logger, openDatabase, openRedis } from '../../test/stores.ts'
import { createMongoChainWriters } from '../outbound/mongo-chain.ts'
import { createEventsIn } from './events-in.ts'

const REDIS_DATABASE = 10

let database: Database
let redis: Redis
let running: StreamConsumer[] = []
let issues: Awaited<ReturnType<typeof createTestPublisher>>
let decisions: Awaited<ReturnType<typeof createTestPublisher>>
const publishAnew = async () => {
  issues = await createTestPublisher(redis, STREAMS.issues)
  decisions = await createTestPublisher(redis, STREAMS.decisions)
}
beforeEach(async () => {
  database = await openDatabase(inject('mongoUri'))
  redis = await openRedis(inject('redisUrl'), REDIS_DATABASE)
  await publishAnew()
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
  const outbox = createOutbox(db, () => {})
  const handling = createEventsIn({ db, chainIn: createMongoChainWriters(collections), outbox })
  const lease = { leaseMs: 500, renewMs: 150 }
  const started = await startStreamConsumer({ mongo, db, redis, lease, logger, ...handling })
  running.push(started)
  return started
}

const length = () => database.collections.entries.countDocuments()
const untilLength = (wanted: number) => expect.poll(length).toBe(wanted)
const verify = () => database.verifyChain({ fromSequence: null, toSequence: null, expectHash: null })

describe('the events of all services', () => {
  it('are recorded in one chain, each stream in its order', async () => {
    await issues.publish(...issueEvents('iss_1', 250))
    await start()
    await decisions.publish(...issueEvents('dec_1', 250))
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
    await issues.publish(...issueEvents('iss_1', 20), ...issueEvents('iss_1', 20))
    await decisions.publish(...issueEvents('iss_1', 20), issueEvent('last', 1))
    await untilLength(21)

    expect(await verify()).toMatchObject({ valid: true, entries: 21 })
  })

  it('confirm the erasure of a customer, in the log and to the service that asks for it', async () => {
    await start()
    const erased = {
      type: 'customer.erased',
      entity: { type: 'Customer', id: 'cust_1' },
      data: { part: 1, issueIds: ['iss_1'] },
    }
    await issues.publish(...issueEvents('iss_1', 1), issueEvent('cust_1-erased', 1, erased))
    await untilLength(3)

    expect(await verify()).toMatchObject({ valid: true, entries: 3 })
    const confirmed = { type: 'customer.erasure_confirmed', entity: { type: 'Customer', id: 'cust_1' } }
    expect(await outboxEvents(database.db)).toMatchObject([{ ...confirmed, data: { subgraph: 'audit', part: 1 } }])
  })

  it('give one entry each, though the position of the group was lost', async () => {
    await issues.publish(...issueEvents('iss_1', 20))
    const first = await start()
    await untilLength(20)
    await first.stop()

    await database.collections.positions.deleteMany({ _id: { $gte: '' } })
    await start()
    await issues.publish(issueEvent('last', 1))
    await untilLength(21)

    expect(await verify()).toMatchObject({ valid: true, entries: 21 })
  })

  it('are recorded even if Redis lost the streams and they were filled again', async () => {
    await start()
    await issues.publish(...issueEvents('iss_1', 10))
    await untilLength(10)
    await redis.flushDb()

    await publishAnew()
    await issues.publish(...issueEvents('iss_1', 12))
    await untilLength(12)

    expect(await verify()).toMatchObject({ valid: true, entries: 12 })
  })

  it('are recorded by one process at a time, and by the next one when that stops', async () => {
    const first = await start()
    await start()
    await issues.publish(...issueEvents('iss_1', 50))
    await untilLength(50)

    await first.stop()
    await issues.publish(...issueEvents('iss_2', 50))
    await untilLength(100)

    expect(await verify()).toMatchObject({ valid: true, entries: 100 })
  })

  it('that cannot be read are set aside, and the others recorded, with an alert of the audit group', async () => {
    await start()
    await issues.publishTexts('{"id":"half an event"}')
    await issues.publish(...issueEvents('iss_1', 3))
    await untilLength(4)

    expect(await database.collections.entries.find({ entityId: 'audit' }).toArray()).toMatchObject([
      { action: 'alert.raised', entityType: 'ConsumerGroup', changes: { alert: { after: 'DEAD_LETTER' } } },
    ])
    await expect.poll(() => database.collections.deadEvents.find({ group: 'audit' }).toArray()).toHaveLength(1)
    expect(await verify()).toMatchObject({ valid: true, entries: 4 })
  })
})

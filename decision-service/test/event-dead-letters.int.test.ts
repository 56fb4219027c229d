import { deadEventMigrations } from '@redress/shared/events/dead-letters/dead-event-migrations.ts'
import { deadEventCollection } from '@redress/shared/events/dead-letters/dead-events.ts'
import { createPublishDeadEvents } from '@redress/shared/events/dead-letters/list-dead-events.ts'
import { CONSUMER_GROUPS, STREAMS, type StreamName } from '@redress/shared/events/envelope.ts'
import { prepareGroupStore } from '@redress/shared/events/log/group-store.ts'
import { createOutbox, prepareOutbox } from '@redress/shared/events/outbox.ts'
import { consumeEvents, type EventHandling } from '@redress/shared/service/consume-events.ts'
import { openDatabase } from '@redress/shared/service/open-database.ts'
import { combineParts } from '@redress/shared/subgraph/combine-parts.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { createMetrics } from '@redress/shared/telemetry/metrics.ts'
import { NO_TELEMETRY } from '@redress/shared/telemetry/telemetry.ts'
import { ask, tokenOf, verifyToken, withRole } from '@redress/shared/testing/callers.ts'
import { eventOf } from '@redress/shared/testing/events.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import { appendTexts, openStreams } from '@redress/shared/testing/published-events.ts'
import { openTestDatabase, silent } from '@redress/shared/testing/stores.ts'
import type { Db } from 'mongodb'
import { afterAll, expect, it } from 'vitest'
import { openJobApi } from '../src/jobs/api/open-job-api.ts'
import { listingEvents } from '../src/jobs/dead-letters/list-events.ts'
import { createQueueViews } from '../src/jobs/monitoring/queue-views.ts'
import { openJobBed } from './job-bed.ts'

const bed = await openJobBed(37)
const { db, redis, collections } = bed
await openStreams(redis)
const resources = new AsyncDisposableStack()
afterAll(() => resources.disposeAsync())
type Database = Pick<typeof bed, 'mongo' | 'db'>
const consume = (database: Database, handling: EventHandling) => {
  const own = { logger: silent, metrics: createMetrics({ token: null }), telemetry: NO_TELEMETRY, resources }
  return consumeEvents({ ...database, redis, ...own }, handling)
}

const WAITING = { nextAttemptAt: { $gt: new Date(0) } }

/** The issues and the audit service: each has a database of its own, and cannot apply what is poison. */
const poison = { current: true }
const openOwner = async (group: 'issues' | 'audit', streams: readonly StreamName[]) => {
  const database = await openTestDatabase()
  const { db } = database
  await prepareGroupStore(db)
  await prepareOutbox(db)
  const dead = deadEventCollection(db)
  const applied: string[] = []
  const outbox = createOutbox(db, () => {})
  // From an earlier version, which had no list.
  await dead.insertOne({
    ...{ _id: `${group} former`, group, stream: STREAMS.decisions, sequence: 7, text: JSON.stringify(eventOf('f', 1)) },
    ...{ entity: 'Thing f', eventType: 'thing.changed', reason: 'Error: no', attempts: 10, nextAttemptAt: null },
    at: new Date(),
  })
  const migrations = deadEventMigrations({ group, stream: streams[0]! })
  await openDatabase({ ...database, logger: silent }, { definitions: {}, migrations })
  await consume(database, {
    ...{ group, streams, record: outbox.add, list: createPublishDeadEvents(outbox.add) },
    isRelevant: ({ type }) => type === 'thing.changed',
    async apply(events) {
      if (poison.current) throw new Error('no way for ada@example.org')
      applied.push(...events.map(({ id }) => id))
    },
  })
  const waiting = () => dead.countDocuments({ group, ...WAITING })
  return { db, applied, waiting, kept: () => dead.countDocuments({ group, at: { $gt: new Date(0) } }) }
}
/** Lets what waits have its last attempt. */
const hasten = (db: Db, group: string) =>
  deadEventCollection(db).updateMany({ group, ...WAITING }, { $set: { attempts: 9, nextAttemptAt: new Date(1) } })
const issues = await openOwner('issues', [STREAMS.decisions])
const audit = await openOwner('audit', [STREAMS.decisions, STREAMS.issues])

const listing = listingEvents(
  {
    group: CONSUMER_GROUPS.decisions,
    streams: [STREAMS.issues],
    isRelevant: () => false,
    apply: async () => {},
    record: bed.outbox.add,
  },
  collections.deadLetters,
)
const consumer = await consume(bed, listing)
const api = openJobApi(
  { ...bed, logger: silent },
  {
    ...{ registry: bed.registry, sources: [], jobsOfIssue: async () => [], queueViews: createQueueViews(bed.queues) },
    ...{ onChange: bed.onChange, onQueueAct: async () => undefined },
  },
)
const subgraph = await serveSubgraph({
  ...{ name: 'decisions', schemaFile: new URL('../schema.graphql', import.meta.url), createLoaders: () => ({}) },
  resolvers: combineParts(api, consumer).resolvers,
  ...{ verifyToken, checks: {}, port: 0, host: '127.0.0.1', logger: silent },
})
resources.defer(() => subgraph.close())

/** Moves what is in the outboxes to the streams, each event once, as the relays do. */
const published = new Set<string>()
const relay = async () => {
  for (const [db, stream] of [
    [issues.db, STREAMS.issues],
    [audit.db, STREAMS.audit],
    [bed.db, STREAMS.decisions],
  ] as const) {
    const fresh = (await outboxEvents(db)).filter(({ id }) => !published.has(id))
    for (const { id } of fresh) published.add(id)
    if (fresh.length > 0)
      await appendTexts(
        redis,
        stream,
        fresh.map((event) => JSON.stringify(event)),
      )
  }
}
const eventually = (read: () => Promise<unknown>) =>
  expect.poll(
    async () => {
      await relay()
      return read()
    },
    { interval: 100 },
  )
const send = async (query: string) =>
  (await ask(subgraph.url, { query, token: await tokenOf(withRole('operator')) })).data.result
const list = async (fields: string, filter = '{}') =>
  (await send(`{ result: deadLetters(last: 100, filter: ${filter}) { nodes { ${fields} } } }`)).nodes
const OF = (service: string) => `{ kind: EVENT, service: ["${service}"], code: ["EVENT_NOT_APPLIED"] }`
const statesOf = async (service: string) =>
  (await list('state', OF(service))).map(({ state }: { state: string }) => state)
const act = (name: 'retry' | 'discard', filter: string) =>
  send(
    `mutation { result: ${name}DeadLetters(filter: ${filter}, dryRun: false, reason: "fixed") { matched isComplete } }`,
  )
const actsOf = async (type: string) =>
  (await outboxEvents(db)).filter((event) => event.type === type).map(({ actor, data }) => [actor, data])

it('dead letters of events of all services are in one list, those of an earlier version as well', async () => {
  await eventually(async () => (await list('id service state')).length).toBe(2)

  await appendTexts(redis, STREAMS.decisions, [JSON.stringify(eventOf('t', 1)), 'no event'])
  for (const owner of [issues, audit]) await expect.poll(owner.waiting).toBe(1)
  await hasten(issues.db, 'issues')
  await hasten(audit.db, 'audit')

  await eventually(async () => (await list('id')).length).toBe(6)
  const fields = 'reason attempts payload isRetryable job { id } event { id stream sequence entityType entityId }'
  const [dead] = await list(fields, '{ service: ["issues"], id: ["issues events:decisions test 1"] }')
  expect(dead).toEqual({
    ...{ reason: 'Error: no way for [email]', attempts: 10, payload: {}, isRetryable: true, job: null },
    event: { id: 't-1', stream: STREAMS.decisions, sequence: 1, entityType: 'Thing', entityId: 't' },
  })
  expect(await list('service payload isRetryable event { id sequence }', '{ code: ["EVENT_UNREADABLE"] }')).toEqual(
    expect.arrayContaining(
      ['issues', 'audit'].map((service) => ({
        ...{ service, payload: { text: 'no event' }, isRetryable: false, event: { id: null, sequence: 2 } },
      })),
    ),
  )
})

it('retried in the list, they are tried again by their service only', async () => {
  expect(await act('retry', OF('issues'))).toEqual({ matched: 2, isComplete: true })
  expect([await statesOf('issues'), await statesOf('audit')]).toEqual([
    ['RETRIED', 'RETRIED'],
    ['OPEN', 'OPEN'],
  ])
  await eventually(issues.waiting).toBe(2)
  expect([await audit.waiting(), await act('retry', OF('issues'))]).toEqual([0, { matched: 0, isComplete: true }])

  poison.current = false

  await eventually(async () => issues.applied.toSorted()).toEqual(['f-1', 't-1'])
  expect([await statesOf('issues'), await issues.kept(), audit.applied]).toEqual([['RETRIED', 'RETRIED'], 1, []])
  const [first] = await actsOf('dead_letters.replayed')
  expect(first).toEqual([
    'a-operator',
    { group: 'issues', ids: expect.arrayContaining(['issues former', 'issues events:decisions test 1']) },
  ])
})

it('discarded in the list, their service forgets them, and the list keeps them with the reason', async () => {
  await act('discard', '{ service: ["audit"], kind: EVENT }')

  await eventually(audit.kept).toBe(0)
  expect(await list('state handling { actor reason }', '{ service: ["audit"] }')).toEqual(
    Array.from({ length: 3 }, () => ({ state: 'DISCARDED', handling: { actor: 'a-operator', reason: 'fixed' } })),
  )
  expect((await actsOf('dead_letters.discarded')).length).toBe(1)
})

it('an event about the list that cannot be applied is in it without a further event, also where a retry fails', async () => {
  const broken = eventOf('issues', 1, { type: 'dead_letter.added', entity: { type: 'ConsumerGroup', id: 'issues' } })
  await appendTexts(redis, STREAMS.issues, [JSON.stringify({ ...broken, id: 'broken' })])
  await expect.poll(() => deadEventCollection(db).countDocuments({ group: 'decisions', ...WAITING })).toBe(1)
  await hasten(db, 'decisions')

  await eventually(() => statesOf('decisions')).toEqual(['OPEN'])
  expect(await actsOf('dead_letter.added')).toEqual([])
  await act('retry', OF('decisions'))
  expect(await deadEventCollection(db).countDocuments({ group: 'decisions', ...WAITING })).toBe(1)
  await hasten(db, 'decisions')
  await eventually(() => statesOf('decisions')).toEqual(['OPEN'])

  await send('mutation { result: replayDecisionsDeadLetters { replayed } }')
  expect(await statesOf('decisions')).toEqual(['RETRIED'])
})

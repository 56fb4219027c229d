import { openCollections } from '@redress/shared/stores/collections.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import { expect, it } from 'vitest'
import { COLLECTIONS } from '../../collections.ts'
import type { Run } from '../processors/processor.ts'
import { createCleanUp } from './clean-up.ts'
import { openCleanUp } from './open-clean-up.ts'

const { db } = await openTestDatabase()
const collections = await openCollections(db, COLLECTIONS)
const cleanUp = openCleanUp({ db, collections })
const ago = (days: number) => new Date(Date.now() - days * DAY_MS)
const run = (signal = new AbortController().signal): Run => ({
  ...{ jobId: 'job-1', attempt: 1, actor: 'ada', requestId: null, addedAt: new Date() },
  ...{ trace: null, signal },
  progress: async () => {},
})
const idsOf = async (name: string) =>
  (await db.collection(name).find({}).sort({ _id: 1 }).toArray()).map(({ _id }) => String(_id))
/** Documents as they are stored, with the fields that count. */
const store = (name: string, documents: readonly { _id: string }[]) =>
  db.collection<{ _id: string }>(name).insertMany([...documents])

it('deletes ended jobs, and no open one', async () => {
  await store('jobs', [
    { _id: 'old', createdAt: ago(31), endedAt: ago(31) } as { _id: string },
    { _id: 'old-and-open', createdAt: ago(31) } as { _id: string },
    { _id: 'recent', createdAt: ago(29), endedAt: ago(29) } as { _id: string },
  ])

  expect(await cleanUp({ dataType: 'jobs', olderThanDays: 30 }, run())).toEqual({ deleted: 1 })
  expect(await idsOf('jobs')).toEqual(['old-and-open', 'recent'])
})

it('deletes idempotency keys of ended jobs', async () => {
  await store('idempotency_keys', [
    { _id: 'old', createdAt: ago(31), status: 'COMPLETED' } as { _id: string },
    { _id: 'old-and-open', createdAt: ago(31), status: 'IN_PROGRESS' } as { _id: string },
    { _id: 'recent', createdAt: ago(29), status: 'FAILED' } as { _id: string },
  ])

  await cleanUp({ dataType: 'idempotency_keys', olderThanDays: 30 }, run())

  expect(await idsOf('idempotency_keys')).toEqual(['old-and-open', 'recent'])
})

it('deletes thousands of reported events in pages, and goes on where it was stopped', async () => {
  const old = Array.from({ length: 2_500 }, (_, index) => ({ _id: `old-${index}`, trackedAt: ago(40) }))
  await store('analytics_events', [...old, { _id: 'recent', trackedAt: ago(1) } as { _id: string }])
  const stopping = new AbortController()
  const data = { dataType: 'analytics', olderThanDays: 30 } as const
  const collection = db.collection<{ _id: string }>('analytics_events')
  const deleteMany = async (...given: Parameters<typeof collection.deleteMany>) => {
    stopping.abort()
    return collection.deleteMany(...given)
  }
  const own = {
    collection: Object.assign(Object.create(collection), { deleteMany }),
    olderThan: (moment: Date) => ({ trackedAt: { $lt: moment } }),
  }
  const stopped = createCleanUp({
    oldData: { jobs: own, idempotency_keys: own, analytics: own },
    now: () => new Date(),
  })

  await expect(stopped(data, run(stopping.signal))).rejects.toThrow()
  const rest = await cleanUp(data, run())

  expect(rest).toEqual({ deleted: 1_500 })
  expect(await idsOf('analytics_events')).toEqual(['recent'])
})

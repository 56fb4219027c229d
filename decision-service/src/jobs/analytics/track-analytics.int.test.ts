import { openCollections } from '@redress/shared/stores/collections.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { type } from 'arktype'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { JOBS } from '../frame/registry.ts'
import type { Run } from '../processors/processor.ts'
import { unpack } from '../records/stored-json.ts'
import { ANALYTICS_EVENTS, createTrackAnalytics } from './track-analytics.ts'

const { db } = await openTestDatabase()
const { events } = await openCollections(db, { events: ANALYTICS_EVENTS })
const track = createTrackAnalytics(events)

const EVENT = { eventType: 'page.viewed', timestamp: '2030-06-15T12:00:00.000Z', data: { 'a.b': { $set: 1 } } }
const runOf = (jobId: string) => ({ jobId }) as Run

it('stores a reported event once, however often its job runs, beside others', async () => {
  const both = [track(EVENT, runOf('job_1')), track({ ...EVENT, userId: 'u1' }, runOf('job_2'))]
  const [result] = await Promise.all(both)

  await track(EVENT, runOf('job_1'))

  expect(result).toMatchObject({ eventType: 'page.viewed', processedAt: expect.any(String) })
  const stored = await events.find({ eventType: 'page.viewed' }).sort({ eventType: 1, at: 1 }).toArray()
  expect(stored.map(({ _id, userId, at, data }) => [_id, userId, at, unpack(data)])).toEqual([
    ['job_1', undefined, new Date(EVENT.timestamp), EVENT.data],
    ['job_2', 'u1', new Date(EVENT.timestamp), EVENT.data],
  ])
})

it('no data that does not fit the schema of a type is accepted, whatever it is, and none makes it throw', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(JOBS)), fc.anything(), (definition, data) => {
      const read: unknown = definition.Data(data)
      return read instanceof type.errors
    }),
  )
})

import { coalesce } from '@redress/shared/resilience/coalesce.ts'
import { type CollectionDefinition, defineCollection } from '@redress/shared/stores/collections.ts'
import { DAY_SECONDS } from '@redress/shared/time.ts'
import type { Collection } from 'mongodb'
import type { JobData } from '../frame/registry.ts'
import type { Processor } from '../processors/processor.ts'
import { insertNew } from '../records/insert-new.ts'
import { pack, type StoredJson } from '../records/stored-json.ts'

type Data = JobData<'analytics-track'>

/** Something that a client has reported: when it happened there, and to whom. */
export type AnalyticsEventDocument = {
  /** That of its job, so that a repeated attempt stores nothing twice. */
  _id: string
  eventType: string
  userId?: string
  merchant?: string
  data: StoredJson
  at: Date
  trackedAt: Date
}

export const ANALYTICS_EVENTS: CollectionDefinition<AnalyticsEventDocument> = defineCollection<AnalyticsEventDocument>({
  name: 'analytics_events',
  // The data comes from a client and may name a person.
  personalFields: ['userId', 'data'],
  indexes: [{ key: { eventType: 1, at: 1 }, name: 'by_type' }],
  retention: { field: 'trackedAt', seconds: 90 * DAY_SECONDS, index: 'expiry' },
})

/** Stores reported events, all that are tracked at the same time with one write. */
export function createTrackAnalytics(collection: Collection<AnalyticsEventDocument>): Processor<Data> {
  const store = coalesce<AnalyticsEventDocument, null>(async (documents) => {
    await insertNew(collection, documents)
    return documents.map(() => null)
  })
  return async ({ eventType, userId, merchant, timestamp, data }, { jobId }) => {
    const trackedAt = new Date()
    const owners = { ...(userId !== undefined && { userId }), ...(merchant !== undefined && { merchant }) }
    await store({ _id: jobId, eventType, ...owners, data: pack(data), at: new Date(timestamp), trackedAt })
    return { eventType, processedAt: trackedAt.toISOString() }
  }
}

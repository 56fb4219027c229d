import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import { type Part, partOf, readMergedPage } from '@redress/shared/stores/pagination.ts'
import type { Filter } from 'mongodb'
import { type JobState, type JobView, toView } from '../orders/job-view.ts'
import { fromDocument, type RecordCollection, type RecordDocument } from '../records/record-document.ts'
import { addedWithin, type JobFilter } from './job-filter.ts'
import type { JobSource } from './job-views.ts'

export type PageOfJobs = (filter: JobFilter, page: PageArguments) => Promise<Connection<JobView>>

const NEWEST_FIRST = { field: 'createdAt', direction: -1 } as const

/** The jobs that are on record, newest first: those with a record of their own, and those of other subjects. */
export function createPageOfJobs(
  collection: RecordCollection,
  sources: readonly Pick<JobSource, 'parts'>[],
): PageOfJobs {
  return (filter, page) => {
    const parts = [toPart(collection, filter), ...sources.flatMap((source) => source.parts(filter))]
    return readMergedPage(parts, { order: NEWEST_FIRST, page })
  }
}

function toPart(collection: RecordCollection, given: JobFilter): Part<JobView> {
  const { queue, type, state, actor } = given
  const now = new Date()
  const filter = {
    ...(queue != null && { queue }),
    ...(type && { type: { $in: [...type] } }),
    ...(actor != null && { actor }),
    createdAt: addedWithin(given),
    ...(state && { $or: [NEVER, ...state.map((one) => CONDITION_OF[one](now))] }),
  } as Filter<RecordDocument>
  return partOf({ collection, filter, toNode: (document) => toView(fromDocument(document), now) })
}

/** MongoDB refuses an empty `$or`, which an empty list of states would be. */
const NEVER = { status: { $in: [] } }

const CONDITION_OF: Readonly<Record<JobState, (now: Date) => Filter<RecordDocument>>> = {
  WAITING: (now) => ({ status: 'PENDING', $nor: [{ scheduledFor: { $gt: now } }] }),
  DELAYED: (now) => ({ status: 'PENDING', scheduledFor: { $gt: now } }),
  ACTIVE: () => ({ status: 'PROCESSING' }),
  COMPLETED: () => ({ status: 'COMPLETED' }),
  FAILED: () => ({ status: 'FAILED' }),
  CANCELLED: () => ({ status: 'CANCELLED' }),
}

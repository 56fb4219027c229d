import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import { within } from '@redress/shared/stores/moments.ts'
import { readPage } from '@redress/shared/stores/pagination.ts'
import type { Filter } from 'mongodb'
import { type JobState, type JobView, toView } from '../orders/job-view.ts'
import { fromDocument, type RecordCollection, type RecordDocument } from '../records/record-document.ts'

/** All that is given must hold; of a list, any value. `from` is included, `to` is not. */
export type JobFilter = Readonly<{
  queue?: string | null
  type?: readonly string[] | null
  state?: readonly JobState[] | null
  actor?: string | null
  from?: Date | null
  to?: Date | null
}>

export type PageOfJobs = (filter: JobFilter, page: PageArguments) => Promise<Connection<JobView>>

const NEWEST_FIRST = { field: 'createdAt', direction: -1 } as const

/** The jobs with a record, newest first. */
export function createPageOfJobs(collection: RecordCollection): PageOfJobs {
  return ({ queue, type, state, actor, from, to }, page) => {
    const now = new Date()
    const filter = {
      ...(queue != null && { queue }),
      ...(type && { type: { $in: [...type] } }),
      ...(actor != null && { actor }),
      // There is always a bound, so that an index by time serves what is only counted.
      createdAt: within({ from: from ?? null, to: to ?? null, after: new Date(0) })!,
      ...(state && { $or: state.map((one) => CONDITION_OF[one](now)) }),
    } as Filter<RecordDocument>
    const toNode = (document: RecordDocument) => toView(fromDocument(document), now)
    return readPage({ collection, filter, order: NEWEST_FIRST, page, toNode })
  }
}

const CONDITION_OF: Readonly<Record<JobState, (now: Date) => Filter<RecordDocument>>> = {
  WAITING: (now) => ({ status: 'PENDING', $nor: [{ scheduledFor: { $gt: now } }] }),
  DELAYED: (now) => ({ status: 'PENDING', scheduledFor: { $gt: now } }),
  ACTIVE: () => ({ status: 'PROCESSING' }),
  COMPLETED: () => ({ status: 'COMPLETED' }),
  FAILED: () => ({ status: 'FAILED' }),
  CANCELLED: () => ({ status: 'CANCELLED' }),
}

import type { Filter } from 'mongodb'
import { stateOf } from '../orders/job-view.ts'
import type { RecordCollection, RecordDocument } from '../records/record-document.ts'
import type { CountedJob, ReadJobs } from './jobs-report.ts'
import { readDays } from './read-days.ts'
import type { Range } from './report-order.ts'

const PROJECTION = {
  ...{ type: 1, status: 1, failure: 1, attempts: 1, scheduledFor: 1, createdAt: 1, startedAt: 1, endedAt: 1 },
} as const

/** The jobs of a range, by the index `newest`. */
export const recordsOf = ({ from, to }: Range): Filter<RecordDocument> => ({ createdAt: { $gte: from, $lt: to } })

/** Reads the jobs of the tier CRITICAL, which have a record. */
export function createReadRecordedJobs(records: RecordCollection): ReadJobs {
  return (range, reading) =>
    readDays(range, reading, async function* (day) {
      const found = records.find(recordsOf(day), { projection: PROJECTION, readPreference: 'secondaryPreferred' })
      for await (const document of found) yield toCounted(document)
    })
}

function toCounted({ type, status, failure = null, attempts, createdAt, ...times }: RecordDocument): CountedJob {
  const { scheduledFor = null, startedAt = null, endedAt = null } = times
  return { type, state: stateOf(status, false), failure, attempts, createdAt, scheduledFor, startedAt, endedAt }
}

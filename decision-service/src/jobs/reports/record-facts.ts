import type { Filter } from 'mongodb'
import { stateOf } from '../orders/job-view.ts'
import type { RecordCollection, RecordDocument } from '../records/record-document.ts'
import type { JobFact, ReadJobFacts } from './jobs-report.ts'
import { readDays } from './read-days.ts'
import type { Range } from './report-order.ts'

const PROJECTION = {
  ...{ type: 1, status: 1, attempts: 1, scheduledFor: 1, createdAt: 1, startedAt: 1, endedAt: 1 },
  'failure.code': 1,
} as const

/** The jobs of a range, by the index `newest`. */
export const recordsOf = ({ from, to }: Range): Filter<RecordDocument> => ({ createdAt: { $gte: from, $lt: to } })

/** Jobs of the tier CRITICAL, which have a record. */
export function createReadRecordFacts(records: RecordCollection): ReadJobFacts {
  return (range, reading) =>
    readDays(range, reading, async function* (day) {
      const found = records.find(recordsOf(day), { projection: PROJECTION, readPreference: 'secondaryPreferred' })
      for await (const document of found) yield toFact(document)
    })
}

function toFact(document: RecordDocument): JobFact {
  const { type, status, failure, attempts, scheduledFor, createdAt, startedAt, endedAt } = document
  const due = (scheduledFor ?? createdAt).getTime()
  const since = (at: Date | null | undefined) => (at == null ? null : Math.max(0, at.getTime() - due))
  return {
    ...{ type, state: stateOf(status, false), attempts, waitedMs: since(startedAt), tookMs: since(endedAt) },
    // Of an earlier attempt, where the job has not failed.
    failureCode: status === 'FAILED' ? (failure?.code ?? null) : null,
  }
}

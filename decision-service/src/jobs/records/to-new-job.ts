import { tracedBy } from '@redress/shared/events/envelope.ts'
import type { NewJob } from '../frame/open-queue.ts'
import type { JobRecord } from './job-record.ts'

/** More than any job has: its record counts, and ends it. */
const ATTEMPTS_IN_QUEUE = 1_000_000

/** The job in the queue of a record. Its data stays in the record. */
export function toNewJob(record: Pick<JobRecord, 'id' | 'type' | 'priority' | 'scheduledFor' | 'trace'>): NewJob {
  const { id, type, priority, scheduledFor: dueAt, trace } = record
  return { id, type, data: tracedBy(trace), priority, dueAt, attempts: ATTEMPTS_IN_QUEUE }
}

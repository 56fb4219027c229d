import type { JobFailure } from '../frame/job-failure.ts'
import type { QueueName } from '../frame/queues.ts'
import type { JobRecord, JobStatus } from '../records/job-record.ts'

/** DELAYED waits for a moment: that it is scheduled for, or of its next attempt. */
export type JobState = 'WAITING' | 'DELAYED' | 'ACTIVE' | 'COMPLETED' | 'FAILED' | 'CANCELLED'

/** A job as callers see it, wherever it is kept. */
export type JobView = Pick<JobRecord, 'id' | 'type' | 'queue' | 'data' | 'priority' | 'attempts' | 'maxAttempts'> &
  Pick<
    JobRecord,
    'progress' | 'result' | 'actor' | 'scheduledFor' | 'createdAt' | 'startedAt' | 'endedAt' | 'parentId'
  > &
  Readonly<{ state: JobState; failure: JobFailure | null; queue: QueueName; cancelRequestedAt: Date | null }>

const STATE_OF: Readonly<Record<Exclude<JobStatus, 'PENDING'>, JobState>> = {
  PROCESSING: 'ACTIVE',
  COMPLETED: 'COMPLETED',
  FAILED: 'FAILED',
  CANCELLED: 'CANCELLED',
}

export function stateOf(status: JobStatus, isDelayed: boolean): JobState {
  return status === 'PENDING' ? (isDelayed ? 'DELAYED' : 'WAITING') : STATE_OF[status]
}

export function toView({ status, cancelRequest, ...record }: JobRecord, now: Date): JobView {
  const isDelayed = record.scheduledFor !== null && record.scheduledFor > now
  return { ...record, state: stateOf(status, isDelayed), cancelRequestedAt: cancelRequest?.at ?? null }
}

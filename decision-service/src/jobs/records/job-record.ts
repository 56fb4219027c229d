import type { JobFailure } from '../frame/job-failure.ts'
import type { QueueName } from '../frame/queues.ts'

/** PENDING waits or is delayed, PROCESSING runs; the others have ended. Stored, so never renamed. */
export type JobStatus = 'PENDING' | 'PROCESSING' | 'COMPLETED' | 'FAILED' | 'CANCELLED'

/**
 * The changes of a job. `handBack`: an attempt is over that did not end it. `begin` of one that is PROCESSING: the worker
 * that ran it is gone.
 */
export type JobAction = 'begin' | 'handBack' | 'complete' | 'fail' | 'cancel' | 'retry'

/** The status after each action. An action that a row lacks is refused; an empty row is final. */
export const TRANSITIONS: Readonly<Record<JobStatus, Readonly<Partial<Record<JobAction, JobStatus>>>>> = {
  PENDING: { begin: 'PROCESSING', fail: 'FAILED', cancel: 'CANCELLED' },
  PROCESSING: {
    begin: 'PROCESSING',
    handBack: 'PENDING',
    complete: 'COMPLETED',
    fail: 'FAILED',
    cancel: 'CANCELLED',
  },
  COMPLETED: {},
  FAILED: { retry: 'PENDING' },
  CANCELLED: {},
}

const STATUSES = Object.keys(TRANSITIONS) as readonly JobStatus[]

/** The statuses in which an action is allowed. */
export function statusesBefore(action: JobAction): readonly JobStatus[] {
  return STATUSES.filter((status) => TRANSITIONS[status][action] !== undefined)
}

/** Whether a job may still run, or runs. */
export function isOpen(status: JobStatus): boolean {
  return TRANSITIONS[status].begin !== undefined
}

/** A request to cancel a job that runs: it is cancelled unless it is completed before it stops. */
export type CancelRequest = Readonly<{ by: string; reason: string; at: Date }>

/** The record of a job of the tier CRITICAL: it is written before the job is queued, and is right where Redis differs. */
export type JobRecord = Readonly<{
  id: string
  type: string
  queue: QueueName
  /** Fits the schema of its type. */
  data: object
  /** 1 to 10, the most urgent. */
  priority: number
  status: JobStatus
  /** Attempts that are over. One that was held back, or whose worker stopped, is none. */
  attempts: number
  maxAttempts: number
  /** Why the last attempt failed. */
  failure: JobFailure | null
  /** 0 to 100; null before the first report. */
  progress: number | null
  result: object | null
  /** It runs no earlier than this. */
  scheduledFor: Date | null
  /** The principal or service that added it. */
  actor: string
  requestId: string | null
  /** The traceparent of what added it, where traces are made. */
  trace?: string
  /** The job that it is a part of. */
  parentId: string | null
  cancelRequest: CancelRequest | null
  createdAt: Date
  updatedAt: Date
  /** When its first attempt began. */
  startedAt: Date | null
  endedAt: Date | null
  /** When the record of an ended job is deleted. */
  expiresAt: Date | null
}>

/** The fields of a new record that come from its order. */
export type NewRecord = Pick<
  JobRecord,
  | 'id'
  | 'type'
  | 'queue'
  | 'data'
  | 'priority'
  | 'maxAttempts'
  | 'scheduledFor'
  | 'actor'
  | 'requestId'
  | 'trace'
  | 'parentId'
>

export function toRecord(order: NewRecord, now: Date): JobRecord {
  return {
    ...order,
    status: 'PENDING',
    attempts: 0,
    failure: null,
    progress: null,
    result: null,
    cancelRequest: null,
    createdAt: now,
    updatedAt: now,
    startedAt: null,
    endedAt: null,
    expiresAt: null,
  }
}

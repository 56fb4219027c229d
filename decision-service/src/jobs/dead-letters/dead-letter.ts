import { ACTORS } from '@redress/shared/access/actors.ts'
import type { ErrorCode } from '@redress/shared/error-codes.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import type { JobDefinition } from '../frame/job-definition.ts'
import type { JobEnd } from '../frame/job-handler.ts'
import type { QueueName } from '../frame/queues.ts'
import type { JobRecord } from '../records/job-record.ts'

/** OPEN: nothing was done about it, or its job has failed again since. Stored, so never renamed. */
export const DEAD_LETTER_STATES = ['OPEN', 'RETRIED', 'DISCARDED'] as const
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number]

/** The handling of a dead letter, by a person or by a later success of its job. */
export type Handling = Readonly<{ actor: string; reason: string; at: Date }>

/** The event of a dead letter. The id and the subject are null where a text is no event. */
export type DeadLetterEvent = Readonly<{
  id: string | null
  stream: string
  sequence: number
  subject: Readonly<{ type: string; id: string }> | null
}>

/** A job, or an event for one consumer group, that nothing tries again until a person says so. */
export type DeadLetter = Readonly<{
  /** That of its job, or of the event in its group: one that fails again after a retry opens its dead letter again. */
  id: string
  kind: 'JOB' | 'EVENT'
  /** The service that owns the job, or that could not apply the event; its consumer group has the same name. */
  service: string
  /** Null where a text is no event. */
  type: string | null
  /** Null for an event. */
  queue: QueueName | null
  /** Null for a job. */
  event: DeadLetterEvent | null
  code: ErrorCode
  /** A neutral sentence. */
  reason: string
  /** Of the last error, without secrets and personal data; null where there was none. */
  stack: string | null
  attempts: number
  /** The data of the job, as it is: callers get it without secrets and personal data. */
  payload: object
  /** Whether `retryDeadLetters` can do something about it. */
  isRetryable: boolean
  state: DeadLetterState
  firstFailedAt: Date
  lastFailedAt: Date
  handling: Handling | null
}>

/** The job in the queue of a job that has no record: queued again, it is the same one. */
export type Queued = Readonly<{ message: object; priority: number }>

/** A job that has failed for good. */
export type DeadJob = Pick<DeadLetter, 'id' | 'payload' | 'attempts'> &
  Readonly<{
    type: string
    queue: QueueName
    failure: JobEnd['failure']
    stack: string | null
    /** RECORD: its record is opened again. QUEUE: it has none, and is queued again. null: its subject looks after it. */
    retry: 'RECORD' | 'QUEUE' | null
    /** Of one with `retry: 'QUEUE'`. */
    queued?: Queued
  }>

/** A job that has failed. `queued` is the job in the queue of one that has no record, and null for one that has. */
export type FailedJob = Pick<DeadJob, 'id' | 'type' | 'queue'> & Readonly<{ queued: Queued | null }>

/** A job whose record says that it has failed. */
export function toDeadJob({ id, type, queue, data: payload, attempts, failure }: JobRecord): DeadJob {
  return { id, type, queue, payload, attempts, failure: failure!, stack: null, retry: 'RECORD' }
}

/** The principal or service that added a job, by what its queue holds. */
export function actorOf(message: object): string {
  return 'actor' in message && typeof message.actor === 'string' ? message.actor : ACTORS.decisions
}

/** Jobs of the tier EPHEMERAL may be lost, so that their dead letters are not kept for long. */
const EPHEMERAL_DAYS_MAX = 7
/** Of a type that this version does not know. */
const RETENTION_DAYS = 90

/** The moment after which a dead letter is deleted, open or not: when the record of its job would be. */
export function expiryOf(definition: JobDefinition | undefined, at: Date): Date {
  const { tier, retentionDays = RETENTION_DAYS } = definition ?? {}
  const days = tier === 'EPHEMERAL' ? Math.min(EPHEMERAL_DAYS_MAX, retentionDays) : retentionDays
  return new Date(at.getTime() + days * DAY_MS)
}

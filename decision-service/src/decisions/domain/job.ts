import { type DecisionCase, decisionIdOf, type Priority } from '@redress/shared/contracts.ts'

/** PENDING and PROCESSING are open; COMPLETED and FAILED are final. Retrying a FAILED one creates a new job. */
export type JobStatus = 'PENDING' | 'PROCESSING' | 'COMPLETED' | 'FAILED'

/** The order to decide one case. Stored before it is queued, so that it outlives the queue. */
export type DecisionJob = Readonly<{
  /** Derived from the event that asked for it: asking twice is the same job. */
  id: string
  case: DecisionCase
  /** Of the issue. */
  tenant: string
  requestId: string | null
  /** The traceparent of what asked for it, where traces are made. */
  trace?: string
  status: JobStatus
  /** The batch that decides it, while that one is open; workers leave it alone. Stays when it has decided the job. */
  batchId?: string
  /** It was in a batch that did not decide it: from then on it is for the workers alone. */
  batchFailed?: true
  /** The reason of a FAILED one: a code and a sentence. */
  failure?: string
  /** When its first attempt began; absent before, and where it failed at once. */
  startedAt?: Date
  /** When it was last held because its decision could not be stored, while the database took other writes. */
  heldAt?: Date
  createdAt: Date
  updatedAt: Date
}>

/** Whether a job is to be decided: by its batch, or where it is in none, by a worker. */
export function isDue({ status, batchId }: DecisionJob, { inBatch }: Readonly<{ inBatch: boolean }>): boolean {
  return (status === 'PENDING' || status === 'PROCESSING') && (inBatch || batchId === undefined)
}

/** The urgency of each priority; 10 is the most urgent and goes first. */
export const URGENCY: Readonly<Record<Priority, number>> = { CRITICAL: 10, HIGH: 7, NORMAL: 5, LOW: 3 }

/** A case that an event brought, to be decided. */
export type NewCase = Readonly<{
  eventId: string
  case: DecisionCase
  tenant: string
  requestId: string | null
  trace?: string
}>

export function toJob({ eventId, ...asked }: NewCase, now: Date): DecisionJob {
  return { id: jobIdFor(eventId), ...asked, status: 'PENDING', createdAt: now, updatedAt: now }
}

const JOB_PREFIX = 'decide-'

export function jobIdFor(eventId: string): string {
  return `${JOB_PREFIX}${eventId}`
}

export function decisionIdFor(jobId: string): string {
  return decisionIdOf(jobId.slice(JOB_PREFIX.length))
}

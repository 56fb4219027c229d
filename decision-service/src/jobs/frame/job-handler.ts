import type { type } from 'arktype'
import type { JobFailure } from './job-failure.ts'
import type { Stop } from './run-limited.ts'

export type Attempt = Readonly<{
  /** The same object in all calls about one attempt, and in no others: a handler may note something by it. */
  key: object
  jobId: string
  /** 1 for the first that the queue has counted. */
  number: number
  /** Whether the queue counts no further attempt after this one. */
  isLast: boolean
  /** When the job was queued first. */
  queuedAt: Date
  /** The traceparent of this attempt, for the events that it causes; null where no traces are made. */
  trace: string | null
  stop: Stop
  /** Whether to share no transaction with other jobs: this one may be the reason why such a transaction failed. */
  alone: boolean
  /** Shows progress, 0 to 100, of a job that has no record. */
  showProgress: (percent: number) => Promise<void>
}>

/**
 * How an attempt went that did not fail. `done`: the job has ended, perhaps by an attempt before this one; as `kind`, this
 * one has completed it, with a result that only the queue keeps, or with none. `over`: it was cancelled, or had ended
 * before, and counts as no completed job.
 * `again`: back into the queue; `later`: the same after a while. Neither of the two counts as an attempt.
 */
export type Outcome =
  | 'done'
  | 'over'
  | 'again'
  | Readonly<{ kind: 'done'; result: object | null }>
  | Readonly<{ kind: 'later'; afterMs: number; reason: string }>

export function isDone(outcome: Outcome): boolean {
  return outcome === 'done' || (typeof outcome === 'object' && outcome.kind === 'done')
}

/** The end of a job that no attempt will run again, for its record and its dead letter. */
export type JobEnd = Readonly<{
  failure: JobFailure
  /** Of the error of the last attempt, without secrets and personal data. */
  stack: string | null
  /** Attempts that the queue has counted, the last one included. */
  attempts: number
  /** The data of the job in its queue. */
  message: object
  /** 1 to 10, the most urgent. */
  priority: number
}>

export type JobHandler<Data> = Readonly<{
  /** The shape of what the queue holds of a job. Default: the schema of its type. */
  Message?: (data: unknown) => Data | type.errors
  run(data: Data, attempt: Attempt): Promise<Outcome>
  /** Ends the job on record, after its last attempt or a final error, and stores its dead letter. Null: its data cannot be read. */
  giveUp(data: Data | null, end: JobEnd, attempt: Attempt): Promise<void>
  /** Notes on the record when the job was last held because of its store. Rejects while the store takes no writes. */
  noteHeld(data: Data, attempt: Attempt): Promise<void>
  /**
   * Notes an attempt that has failed, and might be repeated. @returns whether there is another one. Default: the queue
   * counts attempts.
   */
  noteFailed?(data: Data, failure: JobFailure, attempt: Attempt): Promise<boolean>
}>

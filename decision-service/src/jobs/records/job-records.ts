import type { ClientSession } from 'mongodb'
import type { JobFailure } from '../frame/job-failure.ts'
import type { CancelRequest, JobRecord } from './job-record.ts'

export type JobRef = Pick<JobRecord, 'id' | 'type'>

/** An attempt that runs. Once another attempt has begun, this one changes nothing any more. */
export type Holder = JobRef & Readonly<{ run: string }>

export type Added = Readonly<{
  /** The record that was there already, where `isNew` is false. */
  record: JobRecord
  isNew: boolean
}>

export type Begun = Readonly<{ record: JobRecord; holder: Holder }>

/** Records of jobs. An act of a person is stored with its event, in the transaction of `session`. Every change follows TRANSITIONS; one that they do not allow changes nothing. */
export type JobRecords = Readonly<{
  find(id: string): Promise<JobRecord | null>
  findMany(ids: readonly string[], session?: ClientSession): Promise<ReadonlyMap<string, JobRecord>>
  /** Adds new records, in the given order. A record whose id is there already stays as it is. */
  add(records: readonly JobRecord[]): Promise<readonly Added[]>
  /** Takes new records back that were not queued yet. */
  remove(ids: readonly string[]): Promise<void>
  /**
   * Begins an attempt. Gives the record as it is, and no holder, where that is not allowed: the job has ended, or is to be
   * cancelled. Null: there is no such job. `queuedAt`: when the job was added to its queue, where that is known.
   */
  begin(id: string, at: Date, queuedAt?: Date): Promise<Begun | JobRecord | null>
  /** Notes progress, 0 to 100. False where the attempt should stop: another one runs, or the job is to be cancelled. */
  progress(holder: Holder, percent: number, at: Date): Promise<boolean>
  complete(holder: Holder, result: object | null, at: Date): Promise<void>
  /** Ends an attempt that did not end the job; with a failure, it counts. */
  handBack(holder: Holder, failure: JobFailure | null, at: Date): Promise<void>
  /** Ends a job with its last attempt; one that another attempt has replaced ends nothing, which is null. */
  fail(job: JobRef | Holder, failure: JobFailure, at: Date, session?: ClientSession): Promise<JobRecord | null>
  /** Ends jobs that no attempt will run, with no attempt counted. */
  abandon(jobs: readonly JobRef[], failure: JobFailure, at: Date, session?: ClientSession): Promise<void>
  /** Cancels a job that waits; asks the attempt of a running one to stop. Null where the job has ended, or is unknown. */
  cancel(job: JobRef, request: CancelRequest, session?: ClientSession): Promise<JobRecord | null>
  /** Cancels a job that is to be cancelled, once no attempt runs. */
  endCancelled(job: JobRef, at: Date): Promise<void>
  /** Opens a failed job again, with `attempts` more. Null where it has not failed, or is unknown. */
  retry(id: string, attempts: number, at: Date, session?: ClientSession): Promise<JobRecord | null>
  /** Notes that the database takes writes, for a job whose attempts fail as if it did not. */
  noteHeld(id: string, at: Date): Promise<void>
}>

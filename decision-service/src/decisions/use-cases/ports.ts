import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { ReviewedDecision, StoredDecision } from '../../domain/stored-decision.ts'
import type { DeadJob } from '../../jobs/dead-letters/dead-letter.ts'
import type { DecisionJob, JobStatus } from '../domain/job.ts'

/** `failure`: the reason of a FAILED job. `startedAt`: when work on it began, where that is not stored yet. */
export type StatusFacts = Pick<DecisionJob, 'failure' | 'startedAt'>

/** The reads and writes of one transaction. */
export type DecisionsTransaction = Readonly<{
  findJobs(ids: readonly string[]): Promise<ReadonlyMap<string, DecisionJob>>
  addJobs(jobs: readonly DecisionJob[]): Promise<void>
  setStatus(jobIds: readonly string[], status: JobStatus, at: Date, facts?: StatusFacts): Promise<void>
  findDecisions(ids: readonly string[]): Promise<ReadonlyMap<string, StoredDecision>>
  addDecisions(decisions: readonly StoredDecision[]): Promise<void>
  setReviews(reviewed: readonly ReviewedDecision[]): Promise<void>
  addEvents(events: readonly DomainEvent[]): Promise<void>
  /** Adds the dead letter of a job that has failed for good. */
  addDeadJob(job: DeadJob, at: Date): Promise<void>
}>

export type DecisionsStore = Readonly<{
  /** Runs `work` on one consistent state; it may run again when another writer was faster. */
  transact<T>(work: (transaction: DecisionsTransaction) => Promise<T>): Promise<T>
  /** Notes, in no transaction, when a job was last held because of the store. */
  noteHeld(jobId: string, at: Date): Promise<void>
}>

/** The fields of a job that the queue needs. */
export type QueuedCase = Pick<DecisionJob, 'id' | 'trace'> & Readonly<{ case: Pick<DecisionJob['case'], 'priority'> }>

export type DecisionQueue = Readonly<{
  /** Puts jobs in the queue; one that is there already stays as it is. */
  enqueue(jobs: readonly QueuedCase[]): Promise<void>
  /** Adds open jobs that are missing in the queue, and requeues those that ended there. @returns how many these were. */
  revive(jobs: readonly QueuedCase[]): Promise<number>
}>

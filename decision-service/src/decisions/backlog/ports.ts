import type { Evaluated } from '../../domain/decision.ts'
import type { MessageBatches } from '../../engines/model/message-batches.ts'
import type { DecisionJob } from '../domain/job.ts'
import type { AiBatch, BatchedJob } from './ai-batch.ts'

export type Claim = Readonly<{ id: string; olderThan: Date; jobsMax: number; now: Date }>

/** Stored batches and their claims on jobs. */
export type AiBatches = Readonly<{
  /** How many jobs wait since before `olderThan` and were in no batch; counted up to `max`. */
  countWaiting(options: Readonly<{ olderThan: Date; max: number }>): Promise<number>
  /**
   * Takes waiting jobs of little urgency, oldest first, and records the batch that has them; null where there are none.
   * @param batched says how each job goes into the batch.
   */
  claim(claim: Claim, batched: (job: DecisionJob) => BatchedJob): Promise<AiBatch | null>
  /** False if the batch is no longer CLAIMED because its jobs were released. */
  markSubmitted(id: string, providerId: string, at: Date): Promise<boolean>
  /**
   * Ends a batch that is open: those of its jobs that are not decided are given back, and go into no other batch.
   * Ending it twice gives back none.
   */
  close(id: string, status: 'DONE' | 'ABANDONED', at: Date): Promise<readonly DecisionJob[]>
  /** CLAIMED and SUBMITTED, oldest first. */
  findOpen(): Promise<readonly AiBatch[]>
  jobsOf(batch: AiBatch): Promise<readonly DecisionJob[]>
}>

/** A job of a batch, with all that the question needs. */
export type BatchQuestion = Readonly<{ batched: BatchedJob; job: DecisionJob }>

/** The outcome of one question; null where there is no usable answer. */
export type BatchAnswer = Readonly<{ jobId: string; evaluated: Evaluated | null; failure: string | null }>

/** A model that decides many cases in one asynchronous batch. */
export type BacklogModel = Pick<MessageBatches, 'stateOf' | 'cancel'> &
  Readonly<{
    /** Whether there is money for it today. */
    mayAsk(): Promise<boolean>
    /** The version of the policy that would decide a job now. */
    digestFor(job: DecisionJob): string
    /** @returns what the provider calls it. @throws where the provider did not take it, or may not have. */
    submit(questions: readonly BatchQuestion[]): Promise<string>
    /** In any order, and perhaps not about all. @throws where the provider is away, also on the way. */
    answersTo(batch: AiBatch, questions: readonly BatchQuestion[]): AsyncIterable<BatchAnswer>
  }>

import { createHash } from 'node:crypto'

/** CLAIMED: its jobs are its own. SUBMITTED: the provider has it. DONE and ABANDONED are final: it has no jobs any more. */
type AiBatchStatus = 'CLAIMED' | 'SUBMITTED' | 'DONE' | 'ABANDONED'

/** One job in a batch: how the provider calls it, and which version of which policy it was asked by. */
export type BatchedJob = Readonly<{ jobId: string; customId: string; skillDigest: string }>

/** Waiting jobs that are decided together by a provider, within a day and at half the price. */
export type AiBatch = Readonly<{
  id: string
  status: AiBatchStatus
  jobs: readonly BatchedJob[]
  /** The provider's id of the batch; null until it is submitted. */
  providerId: string | null
  createdAt: Date
  submittedAt: Date | null
  endedAt: Date | null
}>

/** A claim without a submission after this belongs to a process that is gone. */
const CLAIM_MS = 5 * 60_000
/** Providers end a batch within 24 hours; one that does not end by then never will. */
const BATCH_MS = 25 * 60 * 60_000

const CUSTOM_ID = /^[a-zA-Z0-9_-]{1,64}$/

/** Providers take 64 letters, digits, `_` and `-`; an id of ours that is otherwise goes by its hash. */
export function customIdFor(jobId: string): string {
  return CUSTOM_ID.test(jobId) ? jobId : createHash('sha256').update(jobId).digest('hex')
}

/** Whether the process that claimed its jobs is gone without having submitted it. */
export function isAbandoned({ status, createdAt }: AiBatch, now: Date): boolean {
  return status === 'CLAIMED' && now.getTime() - createdAt.getTime() >= CLAIM_MS
}

/** Whether the provider should have ended it long ago. */
export function isOverdue({ submittedAt }: AiBatch, now: Date): boolean {
  return submittedAt !== null && now.getTime() - submittedAt.getTime() >= BATCH_MS
}

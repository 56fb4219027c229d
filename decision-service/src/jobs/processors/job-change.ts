import type { JobFailure } from '../frame/job-failure.ts'
import type { QueueName } from '../frame/queues.ts'
import type { JobStatus } from '../records/job-record.ts'

/** A change of the state of one job, or of its progress, after it was stored. */
export type JobChange = Readonly<{
  id: string
  type: string
  queue: QueueName
  /** The principal or service that added the job. */
  actor: string
  status: JobStatus
  /** Whether a PENDING one waits for its moment, or for its next attempt. */
  isDelayed?: boolean
  /** 0 to 100. */
  progress?: number | null
  /** The reason of a FAILED one. */
  failure?: JobFailure | null
}>

/** Called with each change. Must not throw; a change may be missed where a process ends. */
export type ChangeOf = (change: JobChange) => void

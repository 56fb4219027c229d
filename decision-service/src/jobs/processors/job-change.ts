import type { JobFailure } from '../frame/job-failure.ts'
import type { QueueName } from '../frame/queues.ts'
import type { JobStatus } from '../records/job-record.ts'

/** A change of the state of one job, after it was stored. */
export type JobChange = Readonly<{
  id: string
  type: string
  queue: QueueName
  status: JobStatus
  /** The reason of a FAILED one. */
  failure?: JobFailure | null
}>

/** Called with each change. Must not throw; a change may be missed where a process ends. */
export type ChangeOf = (change: JobChange) => void

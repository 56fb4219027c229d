import type { Logger } from '@redress/shared/process/logger.ts'
import type { JobStatus } from '../records/job-record.ts'
import type { ChangeOf } from './job-change.ts'

/** The level at which each change is logged; the log never has the data of a job. */
const LEVEL: Readonly<Record<JobStatus, 'debug' | 'info' | 'warn'>> = {
  PENDING: 'debug',
  PROCESSING: 'debug',
  COMPLETED: 'info',
  FAILED: 'warn',
  CANCELLED: 'info',
}

export function logChanges(logger: Logger): ChangeOf {
  return ({ id, type, queue, status, failure }) =>
    logger[LEVEL[status]]({ jobId: id, type, queue, status, failure }, 'job changed')
}

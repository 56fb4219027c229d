import type { Logger } from '@redress/shared/process/logger.ts'
import type { Telemetry } from '@redress/shared/telemetry/telemetry.ts'
import type { DeadJobs } from '../dead-letters/dead-jobs.ts'
import type { CrashGuard } from './crash-guard.ts'
import type { QueueName } from './queues.ts'

/** Values that all attempts of a worker share. */
export type WorkerContext = Readonly<{
  queue: QueueName
  stopping: AbortSignal
  guard: CrashGuard
  /** Whether the queue gave a job although it is paused. Rejects where that cannot be found out. */
  isPaused: () => false | Promise<boolean>
  deadJobs: Pick<DeadJobs, 'put' | 'close'>
  telemetry: Telemetry
  logger: Logger
}>

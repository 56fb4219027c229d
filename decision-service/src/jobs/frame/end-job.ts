import type { AppError } from '@redress/shared/errors.ts'
import { redactText } from '@redress/shared/process/redact.ts'
import type { Job } from 'bullmq'
import type { DeadJobs } from '../dead-letters/dead-jobs.ts'
import { failOrHold } from './fail-or-hold.ts'
import type { JobFailure } from './job-failure.ts'
import type { JobEnd, Outcome } from './job-handler.ts'
import { priorityOf } from './queues.ts'
import type { WorkerContext } from './worker-context.ts'

/** Characters; the frames at the top say where the error was thrown. */
const STACK_MAX = 4_000

/** The end of a job by its last error. */
export function toEnd(job: Job, failure: JobFailure, error: unknown): JobEnd {
  const stack = error instanceof Error && error.stack ? redactText(error.stack).slice(0, STACK_MAX) : null
  return { failure, stack, attempts: job.attemptsMade + 1, message: job.data, priority: priorityOf(job.opts.priority) }
}

/** Fails a job that cannot be run: no further attempt would change that. */
export function refuse(
  job: Job,
  error: AppError,
  { giveUp, logger }: Readonly<{ giveUp: (end: JobEnd) => Promise<void> }> & Pick<WorkerContext, 'logger'>,
): Promise<Outcome> {
  return failOrHold(job, error, { giveUp: (failure) => giveUp(toEnd(job, failure, error)), noteHeld, logger })
}

const noteHeld = async () => undefined

/** Ends a job of a type that this version does not know: its dead letter is all that is kept of it. */
export async function endUnknown({ id, name: type }: Job, end: JobEnd, { queue, deadJobs }: WorkerContext) {
  const { failure, stack, attempts, message, priority } = end
  const queued = { message, priority }
  const job = { id: id!, type, queue, failure, stack, attempts, payload: message, retry: 'QUEUE', queued } as const
  await deadJobs.put(job, new Date())
}

/**
 * Closes the dead letter of a job that an attempt has completed, where it had run before: it may have been taken for dead
 * by a worker that ended, or that did not know its type. A failure is only logged: a retry closes it as well.
 */
export async function closeLetter(
  { id, attemptsStarted }: Job,
  outcome: Outcome,
  { deadJobs, logger }: WorkerContext,
): Promise<void> {
  // `done` alone: it had ended before, perhaps by failing.
  if (outcome === 'done' || attemptsStarted <= 1) return
  await deadJobs
    .close(id!, new Date())
    .catch((err: unknown) => logger.warn({ err, jobId: id }, 'dead letter not closed'))
}

/** The dead letters of a worker that keeps none. */
export const NO_DEAD_LETTERS: Pick<DeadJobs, 'put' | 'close'> = {
  put: async () => undefined,
  close: async () => undefined,
}

import { isFinal } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { backoffMs } from '@redress/shared/resilience/backoff.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { type Job, UnrecoverableError } from 'bullmq'
import { isStoreAway, type JobFailure, textOf, toJobFailure } from './job-failure.ts'
import type { Outcome } from './job-handler.ts'

const HELD_WAIT = { firstMs: 1_000, maxMs: 15_000 }
/** A job that fails like in an outage for so long, alone, while the store takes writes, is itself the reason. */
const ALONE_MAX_MS = 2 * MINUTE_MS

const NOT_STORED: JobFailure = {
  code: 'STORE_UNAVAILABLE',
  message: 'The database did not store this, although it stored other changes at the same time.',
}

type Actions = Readonly<{
  giveUp: (failure: JobFailure) => Promise<void>
  /** Writes to the record of the job. Rejects while the store takes no writes. */
  noteHeld: () => Promise<void>
  /** Notes the failure of an attempt. @returns whether there is another one. Default: the queue counts attempts. */
  noteFailed?: ((failure: JobFailure) => Promise<boolean>) | undefined
  logger: Logger
}>

/**
 * Fails the attempt, and the job with its last one. While a store is away, holds the job instead, which is no attempt. A
 * job that goes on failing while the store takes writes is tried alone, and after some minutes its attempts count.
 * @returns how long the job is held. @throws the error of the attempt, or UnrecoverableError when the job has failed.
 */
export async function failOrHold(job: Job, error: unknown, actions: Actions): Promise<Outcome> {
  const isAway = isStoreAway(error)
  if (isAway && !(await isItself(job, actions))) return hold(job)
  const failure = isAway ? NOT_STORED : toJobFailure(error)
  const { noteFailed = async () => hasAttemptsLeft(job), giveUp } = actions
  let isRepeated = false
  try {
    isRepeated = !isFinal(error) && (await noteFailed(failure))
    if (!isRepeated) await giveUp(failure)
  } catch (failed) {
    if (isStoreAway(failed)) return hold(job)
    throw failed
  }
  if (isRepeated) throw error
  throw Object.assign(new UnrecoverableError(textOf(failure)), { cause: error })
}

/** Whether the next attempt is to share no transaction. */
export function isAlone({ data }: Pick<Job, 'data'>): boolean {
  return aloneSinceOf(data) !== undefined
}

/** Lets the job share transactions again, after an attempt that the store did not hinder. */
export async function endAlone(job: Job): Promise<void> {
  if (!isAlone(job)) return
  const { aloneSince: _, ...data } = job.data
  await job.updateData(data)
}

const aloneSinceOf = ({ aloneSince }: Readonly<{ aloneSince?: number }>) => aloneSince

/** Whether the job itself is the reason why its transactions fail. */
async function isItself(job: Job, { noteHeld, logger }: Actions): Promise<boolean> {
  const since = aloneSinceOf(job.data)
  const takesWrites = await noteHeld().then(
    () => true,
    () => false,
  )
  if (!takesWrites) {
    await endAlone(job)
    return false
  }
  if (since !== undefined) return Date.now() - since >= ALONE_MAX_MS
  logger.warn({ queue: job.queueName, jobId: job.id }, 'a job fails while its store takes writes; it is tried alone')
  await job.updateData({ ...job.data, aloneSince: Date.now() })
  return false
}

const hold = (job: Job) => holdBack(job, 'STORE_UNAVAILABLE')

/** Holds a job, which is no attempt: the longer, the more often it was held. */
export function holdBack({ attemptsStarted, attemptsMade }: Job, reason: string): Outcome {
  const heldBefore = attemptsStarted - attemptsMade
  return { kind: 'later', afterMs: backoffMs(heldBefore, HELD_WAIT), reason }
}

/** Whether another attempt may follow the one that runs. */
export function hasAttemptsLeft({ opts, attemptsMade }: Job): boolean {
  return (opts.attempts ?? 1) > attemptsMade + 1
}

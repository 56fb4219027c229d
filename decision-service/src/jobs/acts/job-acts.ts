import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { ClientSession, MongoClient } from 'mongodb'
import type { JobViews } from '../api/job-views.ts'
import type { Queued } from '../dead-letters/dead-letter.ts'
import type { ReopenJobs } from '../dead-letters/reopen-jobs.ts'
import { JobCancelledError, JobNotFoundError, JobNotManagedError, JobTransitionError } from '../errors.ts'
import { toJobFailure } from '../frame/job-failure.ts'
import type { Queues } from '../frame/open-queues.ts'
import type { Claims } from '../orders/claims.ts'
import type { JobView } from '../orders/job-view.ts'
import { askToStop, createCancelJob } from '../processors/cancellations.ts'
import type { ChangeOf } from '../processors/job-change.ts'
import type { JobRecord } from '../records/job-record.ts'
import type { JobRecords } from '../records/job-records.ts'
import { type Act, jobActEvent, toAct } from './act-events.ts'

type Command = Readonly<{ id: string; reason: string; cause: Cause }>

export type JobActs = Readonly<{
  /**
   * Opens a failed job again, with as many attempts as its type has.
   * @throws JobNotFoundError, JobNotManagedError; JobTransitionError for one that has not failed.
   */
  retry(command: Command): Promise<JobView>
  /**
   * Cancels a job that waits; asks one that runs to stop.
   * @throws JobNotFoundError, JobNotManagedError; JobTransitionError for one that has ended.
   */
  cancel(command: Command): Promise<JobView>
}>

type Dependencies = Readonly<{
  views: JobViews
  records: Pick<JobRecords, 'find' | 'cancel'>
  reopen: ReopenJobs
  /** The job in the queue of a failed one that has no record. */
  findQueued: (job: JobView) => Promise<Queued>
  claims: Pick<Claims, 'end'>
  queues: Queues
  mongo: MongoClient
  outbox: Outbox
  onChange: ChangeOf
  logger: Logger
  now: Clock
}>

/** The acts of operators on single jobs, each with its event. */
export function createJobActs(dependencies: Dependencies): JobActs {
  const { views, reopen, findQueued, now } = dependencies
  const read = async (id: string): Promise<JobView> => (await views.many([id]))[0] ?? raise(new JobNotFoundError(id))
  const find = async (id: string): Promise<JobView> => {
    const job = await read(id)
    if (views.isOfSource(id)) throw new JobNotManagedError(job.type, INSTEAD_OF[job.queue] ?? '')
    return job
  }
  const isRecorded = async (id: string) => (await dependencies.records.find(id)) !== null

  return {
    async retry({ id, reason, cause }) {
      const job = await find(id)
      if (job.state !== 'FAILED') throw new JobTransitionError('retry', job.state)
      const failed = async () => [{ ...job, queued: (await isRecorded(id)) ? null : await findQueued(job) }]
      const { opened } = await reopen(failed, toAct(reason, cause, now()))
      if (opened.length === 0) throw new JobTransitionError('retry', 'no longer FAILED')
      return read(id)
    },
    async cancel({ id, reason, cause }) {
      const job = await find(id)
      if (job.endedAt !== null || job.state === 'CANCELLED') throw new JobTransitionError('cancel', job.state)
      const act = toAct(reason, cause, now())
      await ((await isRecorded(id)) ? cancelRecorded : cancelQueued)(job, act, dependencies)
      return (await views.many([id]))[0] ?? { ...job, state: 'CANCELLED', endedAt: act.at }
    },
  }
}

const INSTEAD_OF: Readonly<Partial<Record<JobView['queue'], string>>> = {
  decisions: 'Use retryIssue.',
  background: 'Ask for another backtest.',
}

function raise(error: Error): never {
  throw error
}

/** Changes a record, and stores the event with it. */
async function inOne(
  { mongo, outbox }: Dependencies,
  [event, change]: readonly [ReturnType<typeof jobActEvent>, (session: ClientSession) => Promise<JobRecord | null>],
): Promise<JobRecord | null> {
  const changed = await inTransaction(mongo, async (session) => {
    const record = await change(session)
    if (record !== null) await outbox.add([event], session)
    return record
  })
  outbox.wake()
  return changed
}

async function cancelRecorded(job: JobView, act: Act, dependencies: Dependencies): Promise<void> {
  const request = { by: act.cause.actor, reason: act.reason, at: act.at }
  const event = jobActEvent('job.cancelled', job, act)
  const cancelJob = createCancelJob(dependencies)
  const cancelled = await cancelJob(job, request, (change) => inOne(dependencies, [event, change]))
  if (cancelled === null) throw new JobTransitionError('cancel', 'ended')
}

async function cancelQueued(job: JobView, act: Act, dependencies: Dependencies): Promise<void> {
  const { claims, queues, mongo, outbox, onChange, logger } = dependencies
  await inTransaction(mongo, (session) => outbox.add([jobActEvent('job.cancelled', job, act)], session))
  outbox.wake()
  const queue = queues[job.queue]
  // Zero for a job that a worker holds.
  if ((await queue.use((bullmq) => bullmq.remove(job.id))) === 0) {
    await askToStop(queue.redis, job.id).catch((err: unknown) =>
      logger.warn({ err, jobId: job.id }, 'not asked to stop'),
    )
    return
  }
  const failure = toJobFailure(new JobCancelledError())
  await claims.end(job.id, { failure })
  onChange({ ...job, status: 'CANCELLED', failure })
}

import type { Clock } from '@redress/shared/time.ts'
import { type as shape } from 'arktype'
import type { DeadJobs } from '../dead-letters/dead-jobs.ts'
import { actorOf, type DeadJob } from '../dead-letters/dead-letter.ts'
import { JobCancelledError } from '../errors.ts'
import type { JobDefinition } from '../frame/job-definition.ts'
import type { Attempt, JobEnd, JobHandler } from '../frame/job-handler.ts'
import type { QueueName } from '../frame/queues.ts'
import type { Claims } from '../orders/claims.ts'
import type { Cancellations } from './cancellations.ts'
import type { ChangeOf } from './job-change.ts'
import { type Processor, readData } from './processor.ts'

/** The data in the queue of a job without a record. */
export const QueuedJob = shape({
  data: 'object',
  actor: 'string',
  requestId: 'string | null',
  'parentId?': 'string',
  'trace?': 'string',
})
export type QueuedJob = typeof QueuedJob.infer

type Dependencies = Readonly<{
  name: string
  definition: JobDefinition
  processor: Processor<never>
  cancellations: Cancellations
  /** Notes how a job has ended that has an idempotency key. */
  claims: Pick<Claims, 'end'>
  /** Rejects while the database takes no writes. */
  probeStore: () => Promise<void>
  deadJobs: Pick<DeadJobs, 'put'>
  onChange: ChangeOf
  now: Clock
}>

/** Runs the processor of a type whose jobs are in Redis only: BullMQ counts their attempts and keeps their result. */
export function createQueuedHandler(dependencies: Dependencies): JobHandler<QueuedJob> {
  const { name, definition, claims, probeStore, deadJobs, onChange, now } = dependencies
  const toJob = (id: string) => ({ id, type: name, queue: definition.queue })
  const startedBy = new WeakMap<object, Date>()
  const toChange = (id: string, { actor }: Pick<QueuedJob, 'actor'>) => ({ ...toJob(id), actor })
  return {
    Message: QueuedJob,
    async run(message, attempt) {
      const { jobId } = attempt
      const startedAt = now()
      startedBy.set(attempt.key, startedAt)
      onChange({ ...toChange(jobId, message), status: 'PROCESSING' })
      const outcome = await runQueued(message, attempt, dependencies)
      if (outcome === 'again') onChange({ ...toChange(jobId, message), status: 'PENDING' })
      if (outcome === 'again') return outcome
      await claims.end(jobId, { ...outcome, startedAt })
      onChange({ ...toChange(jobId, message), status: 'COMPLETED' })
      return { kind: 'done', ...outcome }
    },
    async noteFailed(message, failure, { jobId, isLast }) {
      if (!isLast) onChange({ ...toChange(jobId, message), status: 'PENDING', isDelayed: true, failure })
      return !isLast
    },
    async giveUp(message, end, { jobId, key }) {
      const { failure } = end
      const isCancelled = failure.code === 'JOB_CANCELLED'
      // First, so that a crash loses no failure: the job runs again then, and either fails again or closes its letter.
      if (!isCancelled) await deadJobs.put(toDeadJob({ ...toJob(jobId), message, end }), now())
      await claims.end(jobId, { failure, startedAt: startedBy.get(key) })
      const actor = actorOf(end.message)
      onChange({ ...toChange(jobId, { actor }), status: isCancelled ? 'CANCELLED' : 'FAILED', failure })
    },
    noteHeld: probeStore,
  }
}

type Ended = Readonly<{ id: string; type: string; queue: QueueName; message: QueuedJob | null; end: JobEnd }>

function toDeadJob({ message: read, end, ...job }: Ended): DeadJob {
  const { failure, stack, attempts, message, priority } = end
  const queued = { message, priority }
  return { ...job, failure, stack, attempts, payload: read?.data ?? message, retry: 'QUEUE', queued }
}

type Ran = 'again' | Readonly<{ result: object | null }>

async function runQueued(message: QueuedJob, attempt: Attempt, dependencies: Dependencies): Promise<Ran> {
  const { name: type, definition, processor, cancellations, onChange } = dependencies
  const { jobId, trace, showProgress, stop } = attempt
  const { queue } = definition
  const { data, actor, requestId } = message
  const watch = cancellations.watch(jobId, stop)
  const run = {
    ...{ jobId, trace, attempt: attempt.number, actor, requestId },
    addedAt: attempt.queuedAt,
    get signal() {
      return stop.signal
    },
    async progress(percent: number) {
      stop.signal.throwIfAborted()
      const progress = Math.min(100, Math.max(0, percent))
      await showProgress(progress)
      onChange({ id: jobId, type, queue, actor, status: 'PROCESSING', progress })
    },
  }
  try {
    return { result: await processor(readData(definition, data), run) }
  } catch (error) {
    if (watch.isCancelled()) throw new JobCancelledError()
    if (stop.isWorkerStopping()) return 'again'
    throw error
  } finally {
    watch.end()
  }
}

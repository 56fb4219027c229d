import { type } from 'arktype'
import type { JobState as BullState, Job } from 'bullmq'
import { readFailure } from '../frame/job-failure.ts'
import { priorityOf, type QueueName } from '../frame/queues.ts'
import type { JobState, JobView } from '../orders/job-view.ts'
import { QueuedJob } from '../processors/queued-handler.ts'

const STATE_OF: Readonly<Partial<Record<BullState | 'unknown', JobState>>> = {
  waiting: 'WAITING',
  prioritized: 'WAITING',
  delayed: 'DELAYED',
  active: 'ACTIVE',
  completed: 'COMPLETED',
  failed: 'FAILED',
}

/** A job that only its queue knows, as callers see it; null for one that is gone, or that no order has made. */
export function toQueuedView(job: Job, queue: QueueName, bullState: BullState | 'unknown'): JobView | null {
  const message = QueuedJob(job.data)
  const { [bullState]: state } = STATE_OF
  if (message instanceof type.errors || state === undefined) return null
  const { timestamp, delay = 0, priority, attempts = 1 } = job.opts
  const createdAt = new Date(timestamp ?? job.timestamp)
  const failure = state === 'FAILED' ? readFailure(job.failedReason) : null
  return {
    ...{ id: job.id!, type: job.name, queue, data: message.data, actor: message.actor, createdAt, failure },
    state: failure?.code === 'JOB_CANCELLED' ? 'CANCELLED' : state,
    priority: priorityOf(priority),
    ...{ attempts: job.attemptsMade, maxAttempts: attempts, parentId: message.parentId ?? null },
    // BullMQ has 0 for a job that has reported nothing.
    progress: state === 'COMPLETED' ? 100 : typeof job.progress === 'number' ? job.progress || null : null,
    result: state === 'COMPLETED' ? (job.returnvalue ?? null) : null,
    scheduledFor: delay > 0 ? new Date(createdAt.getTime() + delay) : null,
    ...{ startedAt: toDate(job.processedOn), endedAt: toDate(job.finishedOn), cancelRequestedAt: null },
  }
}

const toDate = (ms: number | undefined) => (ms == null ? null : new Date(ms))

import { tracedBy } from '@redress/shared/events/envelope.ts'
import type { JobQueue, NewJob } from '../../jobs/frame/open-queue.ts'
import type { JobData } from '../../jobs/frame/registry.ts'
import { URGENCY } from '../domain/job.ts'
import type { DecisionQueue, QueuedCase } from '../use-cases/ports.ts'

/** The queue that decisions are made from. The record in MongoDB holds the case; the queue holds its id. */
export function createDecisionQueue(queue: Pick<JobQueue, 'add' | 'revive'>): DecisionQueue {
  return {
    enqueue: (jobs) => queue.add(jobs.map(toNewJob)),
    revive: (jobs) => queue.revive(jobs.map(toNewJob)),
  }
}

function toNewJob({ id, trace, case: { priority } }: QueuedCase): NewJob {
  const data: JobData<'decide-issue'> = { jobId: id, ...tracedBy(trace) }
  return { id, type: 'decide-issue', data, priority: URGENCY[priority] }
}

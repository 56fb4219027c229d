import type { Queue } from 'bullmq'
import type { JobCounts } from './queue-views.ts'

/** How many jobs a queue holds in each state. Jobs that wait by priority wait like others. */
export async function readJobCounts(queue: Queue): Promise<JobCounts> {
  const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed')
  const count = (state: string) => counts[state] ?? 0
  return {
    waiting: count('waiting') + count('prioritized'),
    active: count('active'),
    delayed: count('delayed'),
    completed: count('completed'),
    failed: count('failed'),
  }
}

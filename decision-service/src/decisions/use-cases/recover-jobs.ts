import type { Clock } from '@redress/shared/time.ts'
import type { DecisionJob } from '../domain/job.ts'
import type { JobQueue } from './ports.ts'

/** Jobs on record that should have ended by now, oldest first, from behind `after` on. */
export type FindOverdue = (
  options: Readonly<{ olderThan: Date; after: DecisionJob | null; limit: number }>,
) => Promise<readonly DecisionJob[]>

/** A job is decided in milliseconds, or with waits between attempts in half a minute. */
const OVERDUE_MS = 45_000
const BATCH = 500
/** Those that wait for a model are overdue as well, and behind thousands of them may be one that was lost. */
const BATCHES_MAX = 20

/** Queues what is on record and not in the queue: after Redis was lost, or a crash between the two. */
export function createRecoverJobs({
  findOverdue,
  queue,
  now,
}: {
  findOverdue: FindOverdue
  queue: JobQueue
  now: Clock
}) {
  return async (): Promise<number> => {
    const olderThan = new Date(now().getTime() - OVERDUE_MS)
    let count = 0
    let after: DecisionJob | null = null
    for (let batches = 0; batches < BATCHES_MAX; batches++) {
      const overdue: readonly DecisionJob[] = await findOverdue({ olderThan, after, limit: BATCH })
      await queue.revive(overdue)
      count += overdue.length
      if (overdue.length < BATCH) break
      after = overdue.at(-1)!
    }
    return count
  }
}

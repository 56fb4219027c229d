import type { DecisionJob } from '../domain/job.ts'
import type { Clock, JobQueue } from './ports.ts'

/** Jobs on record that should have ended by now, oldest first. */
export type FindOverdue = (options: Readonly<{ olderThan: Date; limit: number }>) => Promise<readonly DecisionJob[]>

/** A job is decided in milliseconds, or with waits between attempts in half a minute. */
const OVERDUE_MS = 45_000
const BATCH = 500

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
    const overdue = await findOverdue({ olderThan: new Date(now().getTime() - OVERDUE_MS), limit: BATCH })
    await queue.revive(overdue)
    return overdue.length
  }
}

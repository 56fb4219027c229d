import type { Clock } from '@redress/shared/time.ts'
import { JOBS, type JobType } from './registry.ts'

/** Finds open jobs that should have ended by `olderThan`, oldest first, starting after `after` if given. */
export type FindOverdue<Record> = (
  options: Readonly<{ olderThan: Date; after: Record | null; limit: number }>,
) => Promise<readonly Record[]>

type Options<Record> = Readonly<{
  findOverdue: FindOverdue<Record>
  /** Adds jobs that are missing in the queue. @returns how many were recovered. */
  revive: (records: readonly Record[]) => Promise<number>
  now: Clock
}>

/**
 * Queues stored jobs that are missing in the queue, after Redis lost data or after a crash between the two writes.
 * @returns how many were recovered: jobs that are overdue by the registry, or older than `ofAge.overdueMs`.
 */
export function createRecoverJobs<Record>(type: JobType, { findOverdue, revive, now }: Options<Record>) {
  const { overdueMs, batch, batchesMax } = JOBS[type].recovery
  return async (ofAge: Readonly<{ overdueMs: number }> = { overdueMs }): Promise<number> => {
    const olderThan = new Date(now().getTime() - ofAge.overdueMs)
    let count = 0
    let after: Record | null = null
    for (let batches = 0; batches < batchesMax; batches++) {
      const overdue: readonly Record[] = await findOverdue({ olderThan, after, limit: batch })
      count += await revive(overdue)
      if (overdue.length < batch) break
      after = overdue.at(-1)!
    }
    return count
  }
}

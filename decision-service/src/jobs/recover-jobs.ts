import type { Clock } from '@redress/shared/time.ts'
import { JOBS, type JobType } from './registry.ts'

/** Open jobs on record that should have ended by `olderThan`, oldest first, beyond `after` where it is given. */
export type FindOverdue<Record> = (
  options: Readonly<{ olderThan: Date; after: Record | null; limit: number }>,
) => Promise<readonly Record[]>

type Options<Record> = Readonly<{
  findOverdue: FindOverdue<Record>
  /** Puts what is missing in the queue there. @returns how many count as recovered. */
  revive: (records: readonly Record[]) => Promise<number>
  now: Clock
}>

/**
 * Queues what is on record and not in the queue: after Redis was lost, or after a crash between the two writes.
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

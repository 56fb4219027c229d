import type { FindOverdue } from '../use-cases/recover-jobs.ts'
import { type Collections, toJob } from './documents.ts'

/** Open jobs that were created before a moment, oldest first. Those of a batch are looked after by whoever polls it. */
export function createFindOverdue({ jobs }: Collections): FindOverdue {
  return async ({ olderThan, after, limit }) => {
    const open = {
      status: { $in: ['PENDING' as const, 'PROCESSING' as const] },
      createdAt: { $lt: olderThan, ...(after && { $gte: after.createdAt }) },
      ...(after && { $or: [{ createdAt: { $gt: after.createdAt } }, { _id: { $gt: after.id } }] }),
      batchId: { $exists: false },
    }
    const found = await jobs.find(open).sort({ createdAt: 1, _id: 1 }).limit(limit).toArray()
    return found.map(toJob)
  }
}

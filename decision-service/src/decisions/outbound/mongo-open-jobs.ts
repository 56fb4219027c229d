import type { FindOverdue } from '../../jobs/recover-jobs.ts'
import type { DecisionJob } from '../domain/job.ts'
import { type DecisionCollections, toJob } from './documents.ts'

type Jobs = Pick<DecisionCollections, 'jobs'>

/** Jobs of an open batch are left out: the backlog looks after them. */
export function createFindOverdue({ jobs }: Jobs): FindOverdue<DecisionJob> {
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

/** When the oldest job was recorded that waits; null where none does. */
export function createFindOldest({ jobs }: Jobs) {
  return async (): Promise<Date | null> => {
    const waiting = jobs.find({ status: 'PENDING' }, { projection: { createdAt: 1 } })
    const oldest = await waiting.sort({ createdAt: 1 }).limit(1).next()
    return oldest?.createdAt ?? null
  }
}

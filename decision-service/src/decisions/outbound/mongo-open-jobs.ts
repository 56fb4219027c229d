import type { FindOverdue } from '../../jobs/recovery/recover-jobs.ts'
import type { DecisionJob } from '../domain/job.ts'
import type { QueuedCase } from '../use-cases/ports.ts'
import type { DecisionCollections } from './documents.ts'

type Jobs = Pick<DecisionCollections, 'jobs'>

export type OverdueJob = QueuedCase & Pick<DecisionJob, 'createdAt'>

/** The fields of an overdue job. A backlog of a model may hold thousands of jobs. */
const OVERDUE = { 'case.priority': 1, trace: 1, createdAt: 1 } as const

/** Jobs of an open batch are left out: the backlog looks after them. */
export function createFindOverdue({ jobs }: Jobs): FindOverdue<OverdueJob> {
  return async ({ olderThan, after, limit }) => {
    const open = {
      status: { $in: ['PENDING' as const, 'PROCESSING' as const] },
      createdAt: { $lt: olderThan, ...(after && { $gte: after.createdAt }) },
      ...(after && { $or: [{ createdAt: { $gt: after.createdAt } }, { _id: { $gt: after.id } }] }),
      batchId: { $exists: false },
    }
    const found = jobs.find<Omit<OverdueJob, 'id'> & { _id: string }>(open, { projection: OVERDUE })
    const overdue = await found.sort({ createdAt: 1, _id: 1 }).limit(limit).toArray()
    return overdue.map(({ _id: id, ...rest }) => ({ id, ...rest }))
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

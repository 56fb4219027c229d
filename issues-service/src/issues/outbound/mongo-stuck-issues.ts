import { type Collections, toIssue } from '../../stores/collections.ts'
import type { StuckIssues } from '../../views/views.ts'

export function createMongoStuckIssues({ issues }: Pick<Collections, 'issues'>): StuckIssues {
  return {
    async findStuck({ status, since, after, limit }) {
      // By the index of those with the status: what has not changed since then was created before.
      const createdAt = { $lt: since, ...(after && { $gte: after.createdAt }) }
      const beyond = after && { $or: [{ createdAt: { $gt: after.createdAt } }, { _id: { $gt: after.id } }] }
      const stuck = { status, createdAt, updatedAt: { $lt: since }, ...beyond }
      const found = await issues.find(stuck).sort({ createdAt: 1, _id: 1 }).limit(limit).toArray()
      return found.map(toIssue)
    },
  }
}

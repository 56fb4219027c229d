import { type Principal, reachOf } from '@redress/shared/access/permissions.ts'
import type { JobView } from '../orders/job-view.ts'

/** Whether a caller with `job:read` may see a job: who added it may, and operators may see all. */
export function maySee(principal: Principal, { actor }: Pick<JobView, 'actor'>): boolean {
  return actor === principal.id || maySeeAll(principal)
}

export function maySeeAll(principal: Principal): boolean {
  return reachOf(principal, 'job:read_all') === 'all'
}

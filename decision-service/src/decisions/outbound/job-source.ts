import { ACTORS } from '@redress/shared/access/actors.ts'
import { partOf } from '@redress/shared/stores/pagination.ts'
import type { Filter } from 'mongodb'
import { addedWithin, isOfType, statusesOf } from '../../jobs/api/job-filter.ts'
import type { JobSource } from '../../jobs/api/job-views.ts'
import { readFailure } from '../../jobs/frame/job-failure.ts'
import { JOBS } from '../../jobs/frame/registry.ts'
import type { JobState, JobView } from '../../jobs/orders/job-view.ts'
import { type JobStatus, URGENCY } from '../domain/job.ts'
import type { DecisionCollections, JobDocument } from './documents.ts'

type Jobs = Pick<DecisionCollections, 'jobs'>

export const JOB_STATES: Readonly<Record<JobStatus, JobState>> = {
  PENDING: 'WAITING',
  PROCESSING: 'ACTIVE',
  COMPLETED: 'COMPLETED',
  FAILED: 'FAILED',
}
const OF_DECISIONS = { type: 'decide-issue', queue: 'decisions' } as const
/** The case itself is shown by its issue, field by field as the caller may see it. */
export const VIEW = {
  'case.issueId': 1,
  'case.priority': 1,
  status: 1,
  failure: 1,
  createdAt: 1,
  startedAt: 1,
  endedAt: 1,
} as const
const JOBS_OF_ISSUE_MAX = 100

/** Jobs of decisions, as callers see jobs. Their attempts are counted by the queue, and are not on record. */
export function createDecisionJobSource({ jobs }: Jobs): JobSource {
  return {
    queue: 'decisions',
    prefix: 'decide-',
    async find(ids) {
      if (ids.length === 0) return []
      const found = await jobs.find({ _id: { $in: [...ids] } }, { projection: VIEW }).toArray()
      return found.map(toJobView)
    },
    parts(filter) {
      const { actor } = filter
      if (!isOfType(filter, OF_DECISIONS) || (actor != null && actor !== ACTORS.decisions)) return []
      const createdAt = addedWithin(filter)
      return statusesOf(filter, JOB_STATES).map((status) =>
        partOf({ collection: jobs, filter: { status, createdAt }, projection: VIEW, toNode: toJobView }),
      )
    },
  }
}

/** The jobs of an issue, whose ids begin with its id. */
export function jobsOfIssue(issueId: string): Filter<JobDocument> {
  const prefix = `decide-${issueId}-`
  return { _id: { $gte: prefix, $lt: `${prefix}:` } }
}

/** Finds the ids of the jobs of an issue, oldest first. */
export function createJobsOfIssue({ jobs }: Jobs) {
  return async (issueId: string): Promise<readonly string[]> => {
    const found = jobs.find(jobsOfIssue(issueId), { projection: { _id: 1 } }).sort({ _id: 1 })
    return (await found.limit(JOBS_OF_ISSUE_MAX).toArray()).map(({ _id }) => _id)
  }
}

/** Shows a job of which the fields of VIEW were read. */
export function toJobView({
  _id: id,
  case: asked,
  status,
  failure,
  createdAt,
  startedAt,
  endedAt,
}: JobDocument): JobView {
  const isOver = status === 'COMPLETED' || status === 'FAILED'
  return {
    ...{ id, ...OF_DECISIONS, data: { issueId: asked.issueId }, state: JOB_STATES[status] },
    ...{ priority: URGENCY[asked.priority], attempts: isOver ? 1 : 0, actor: ACTORS.decisions },
    ...{ maxAttempts: JOBS['decide-issue'].retry.attempts, progress: status === 'COMPLETED' ? 100 : null },
    failure: failure === undefined ? null : readFailure(failure),
    ...{ result: null, scheduledFor: null, startedAt: startedAt ?? null, parentId: null, cancelRequestedAt: null },
    ...{ createdAt, endedAt: endedAt ?? null },
  }
}

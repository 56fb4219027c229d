import type { JobViews } from '../api/job-views.ts'
import type { Claims } from '../orders/claims.ts'
import type { JobState, JobView } from '../orders/job-view.ts'

/** The outcome of a job; `job` is null where it was removed when it had ended. */
export type Outcome = Readonly<{ job: JobView | null; state: JobState; failure: JobView['failure'] }>

export type FindOutcome = (jobId: string) => Promise<Outcome | null>

type Dependencies = Readonly<{ views: Pick<JobViews, 'many'>; claims: Pick<Claims, 'find'> }>

/** Finds what has become of a job, also of one that its queue has removed: its key knows. Null where nothing does. */
export function createFindOutcome({ views, claims }: Dependencies): FindOutcome {
  return async (jobId) => {
    const [job = null] = await views.many([jobId])
    if (job !== null) return { job, state: job.state, failure: job.failure }
    const claim = await claims.find(jobId)
    if (claim === null || claim.status === 'IN_PROGRESS') return null
    return { job, state: claim.status, failure: claim.status === 'FAILED' ? claim.failure : null }
  }
}

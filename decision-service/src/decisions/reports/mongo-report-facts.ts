import type { Filter } from 'mongodb'
import type { ReadJobs } from '../../jobs/reports/jobs-report.ts'
import { readDays } from '../../jobs/reports/read-days.ts'
import type { Range } from '../../jobs/reports/report-order.ts'
import type { JobStatus } from '../domain/job.ts'
import type { DecisionCollections, DecisionDocument, JobDocument } from '../outbound/documents.ts'
import { JOB_STATES, jobsOfIssue, toJobView, VIEW } from '../outbound/job-source.ts'
import type { IssueFact, ReadIssueFacts } from './issues-report.ts'
import type { ReadReviewFacts, ReviewFact } from './reviewers-report.ts'

/** Whole: of a part of a transaction that is null, nothing would be read, not even the null. */
const MONEY = { 'case.details': 1, 'case.transaction': 1 } as const
/** A copy that lags by a moment is good enough for counts, and spares the primary. */
const ASIDE = { readPreference: 'secondaryPreferred' } as const

/** Each query of reports over decisions and their jobs, which has an index of its own. */
export const REPORT_FILTERS = {
  decided: ({ from, to }: Range): Filter<DecisionDocument> => ({ decidedAt: { $gte: from, $lt: to } }),
  reviewed: ({ from, to }: Range): Filter<DecisionDocument> => ({ 'review.at': { $gte: from, $lt: to } }),
  asked: (status: JobStatus, { from, to }: Range): Filter<JobDocument> => ({
    status,
    createdAt: { $gte: from, $lt: to },
  }),
}
const { decided, reviewed, asked } = REPORT_FILTERS

/** Issues whose case was decided, and those whose case is open or could not be decided. */
export function createReadIssueFacts({ decisions, jobs }: Omit<DecisionCollections, 'decisionFacts'>): ReadIssueFacts {
  const decisionsOf = async function* (day: Range): AsyncIterable<IssueFact> {
    const projection = { ...MONEY, routing: 1, action: 1, 'review.action': 1 } as const
    for await (const found of decisions.find(decided(day), { projection, ...ASIDE })) yield toIssueFact(found)
  }
  const hasLaterJob = async ({ createdAt, case: { issueId } }: JobDocument) => {
    const later = { ...jobsOfIssue(issueId), createdAt: { $gt: createdAt } }
    return (await jobs.findOne(later, { projection: { _id: 1 }, ...ASIDE })) !== null
  }
  const undecidedOf = async function* (day: Range): AsyncIterable<IssueFact> {
    for (const status of ['PENDING', 'PROCESSING', 'FAILED'] as const) {
      const outcome = status === 'FAILED' ? 'FAILED' : 'OPEN'
      const projection = { ...MONEY, 'case.issueId': 1, createdAt: 1 } as const
      const found = jobs.find(asked(status, day), { projection, ...ASIDE })
      for await (const job of found) {
        // A retry of the issue has added another job, which is counted in its place.
        if (status === 'FAILED' && (await hasLaterJob(job))) continue
        yield { case: job.case, outcome, action: null }
      }
    }
  }
  return (range, reading) =>
    readDays(range, reading, async function* (day) {
      yield* decisionsOf(day)
      yield* undecidedOf(day)
    })
}

function toIssueFact({ case: asked, routing, action, review }: DecisionDocument): IssueFact {
  if (review != null) return { case: asked, outcome: 'REVIEWED', action: review.action }
  if (routing === 'AUTO_RESOLVE') return { case: asked, outcome: 'AUTO_RESOLVED', action }
  return { case: asked, outcome: 'AWAITING_REVIEW', action: null }
}

export function createReadReviewFacts({ decisions }: Pick<DecisionCollections, 'decisions'>): ReadReviewFacts {
  const projection = { action: 1, decidedAt: 1, review: 1 } as const
  return (range, reading) =>
    readDays(range, reading, async function* (day) {
      // The index has reviewed decisions only.
      for await (const found of decisions.find(reviewed(day), { projection, ...ASIDE }))
        yield found as unknown as ReviewFact
    })
}

/** Jobs of decisions. Their queue counts their attempts, and when each begins is not noted. */
export function createReadDecisionJobs({ jobs }: Pick<DecisionCollections, 'jobs'>): ReadJobs {
  return (range, reading) =>
    readDays(range, reading, async function* (day) {
      for (const status of Object.keys(JOB_STATES) as JobStatus[]) {
        for await (const found of jobs.find(asked(status, day), { projection: VIEW, ...ASIDE })) yield toJobView(found)
      }
    })
}

import type { Db } from 'mongodb'
import type { DecisionJob } from '../domain/job.ts'
import type { StoredDecision } from '../domain/stored-decision.ts'

/** Ended jobs are kept this long. */
const JOBS_KEPT_SECONDS = 90 * 24 * 60 * 60

/** How things lie in MongoDB. Only this folder sees it. */
type Stored<T extends { id: string }> = Omit<T, 'id'> & { _id: string }
export type DecisionDocument = Stored<StoredDecision>
/** `endedAt` starts the time after which the job is deleted. */
export type JobDocument = Stored<DecisionJob> & { endedAt?: Date }

export function collectionsOf(db: Db) {
  return { decisions: db.collection<DecisionDocument>('decisions'), jobs: db.collection<JobDocument>('critical_jobs') }
}
export type Collections = ReturnType<typeof collectionsOf>

/** Creates the indexes; every query of this service has one. */
export async function prepareCollections({ decisions, jobs }: Collections): Promise<void> {
  await decisions.createIndexes([{ key: { issueId: 1, decidedAt: 1 }, name: 'by_issue' }])
  await jobs.createIndexes([
    { key: { status: 1, createdAt: 1 }, name: 'oldest_by_status' },
    { key: { endedAt: 1 }, name: 'expiry', expireAfterSeconds: JOBS_KEPT_SECONDS },
  ])
}

/** What decisions lack that were stored by earlier versions of this service. */
const BEFORE_THERE_WERE_MODELS = { model: null, usage: null, blind: false, autonomySuspended: false, shadow: null }

export function toDecision({ _id, ...rest }: DecisionDocument): StoredDecision {
  return { id: _id, ...BEFORE_THERE_WERE_MODELS, ...rest }
}

export function toJob({ _id, endedAt: _, ...rest }: JobDocument): DecisionJob {
  return { id: _id, ...rest }
}

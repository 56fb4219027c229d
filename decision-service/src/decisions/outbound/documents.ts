import type { Db, Filter } from 'mongodb'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import type { DecisionJob } from '../domain/job.ts'

/** A review that is not there has no agreement. */
const REVIEWED = { 'review.agreement': { $exists: true } }

/** Ended jobs are kept this long. */
const JOBS_KEPT_SECONDS = 90 * 24 * 60 * 60

/** How things lie in MongoDB. Only this folder sees it. */
type Stored<T extends { id: string }> = Omit<T, 'id'> & { _id: string }
export type DecisionDocument = Stored<StoredDecision>
/** `endedAt` starts the time after which the job is deleted. */
export type JobDocument = Stored<DecisionJob> & { endedAt?: Date }

/** Whatever a caller reads is read with this: what `isHidden` says of the domain, said to the database. */
export const NOT_HIDDEN: Filter<DecisionDocument> = { $nor: [{ blind: true, review: null }] }

export function collectionsOf(db: Db) {
  return { decisions: db.collection<DecisionDocument>('decisions'), jobs: db.collection<JobDocument>('critical_jobs') }
}
export type Collections = ReturnType<typeof collectionsOf>

/** Creates the indexes; every query of this service has one. Each of them slows every decision down. */
export async function prepareCollections({ decisions, jobs }: Collections): Promise<void> {
  await decisions.createIndexes([
    // Issue.decision, Issue.decisions, and the latest case of a simulation.
    { key: { issueId: 1, decidedAt: 1 }, name: 'by_issue' },
    // Query.decisions. What is filtered by action, routing or engine is found by walking this one: each is frequent.
    { key: { decidedAt: 1, _id: 1 }, name: 'newest' },
    // Query.decisions of one version: there are many, and one that was only tried decided nothing.
    { key: { 'policy.digest': 1, decidedAt: 1, _id: 1 }, name: 'newest_by_digest' },
    // Query.decisions with `reviewed: true`, or with `fallback: true`: both are rare.
    { key: { decidedAt: 1, _id: 1 }, name: 'newest_reviewed', partialFilterExpression: REVIEWED },
    { key: { decidedAt: 1, _id: 1 }, name: 'newest_fallback', partialFilterExpression: { fallback: true } },
    // A backtest, which reads the decisions of one policy in the order in which they were made.
    { key: { 'policy.skill': 1, decidedAt: 1, _id: 1 }, name: 'by_skill' },
  ])
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

import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import type { Db, MongoClient } from 'mongodb'
import { COLLECTIONS } from '../src/collections.ts'
import { type NewCase, toJob } from '../src/decisions/domain/job.ts'
import { NO_OVERSIGHT, type Oversight } from '../src/decisions/domain/oversight.ts'
import {
  createDecisionsTransaction,
  createMongoDecisionsStore,
} from '../src/decisions/outbound/mongo-decisions-store.ts'
import { createMongoViews } from '../src/decisions/outbound/mongo-views.ts'
import { createDecideIssue } from '../src/decisions/use-cases/decide-issue.ts'
import type { DecisionsStore } from '../src/decisions/use-cases/ports.ts'
import type { Verdict } from '../src/domain/decision.ts'
import type { NewReview } from '../src/domain/review.ts'
import { recordReviews } from '../src/oversight/record-reviews.ts'

export const NOW = new Date('2030-06-15T12:00:00Z')

/** How a job ends that no attempt could decide. */
export const UNDECIDED = { failure: { code: 'JOB_CRASHED', message: 'It ended its workers.' } } as const

export const VERDICT: Verdict = {
  action: 'APPROVE_REFUND',
  confidence: 91,
  reasoning: 'Defective.',
  policyApplied: 'R1',
  policy: { skill: 'refund-policy', version: '1.0.0', digest: 'd1' },
  engine: 'RULES',
  fallback: false,
  model: null,
  usage: null,
  trace: [],
}

let cases = 0
/** A case that asks for a decision, by an event of its own. */
export function newCase(change: Partial<DecisionCase> = {}): NewCase {
  // Of one length: with modules shared between test files, the count passes 9 and 99 in the middle of a list in order.
  const issueId = `iss_${String(++cases).padStart(6, '0')}`
  const decisionCase: DecisionCase = {
    issueId,
    priority: 'NORMAL',
    details: { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 2, partialAmount: null },
    customer: {
      id: 'cust_1',
      riskScore: 5,
      accountAgeDays: 100,
      recentIssues: { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 },
    },
    transaction: null,
    ...change,
  }
  return { eventId: `${issueId}-1`, tenant: 'default', requestId: 'req-1', case: decisionCase }
}

/** A stand-in for the engine. */
export type Evaluate = (decisionCase: DecisionCase) => Promise<Verdict> | Verdict
type Options = {
  mongo: MongoClient
  db: Db
  evaluate?: (decisionCase: DecisionCase) => Promise<Verdict> | Verdict
  announcesStart?: boolean
  /** The store that decisions are made with, in place of the one that it is given. */
  storeOf?: (store: DecisionsStore) => DecisionsStore
  oversight?: Oversight
  now?: () => Date
}

/** The service without its doors. */
export async function openService({
  mongo,
  db,
  evaluate = () => VERDICT,
  announcesStart = true,
  storeOf = (store) => store,
  oversight = NO_OVERSIGHT,
  now = () => NOW,
}: Options) {
  const collections = await openCollections(db, COLLECTIONS)
  const outbox = createOutbox(db, () => {})

  const within = (work: (transaction: ReturnType<typeof createDecisionsTransaction>) => Promise<void>) =>
    inTransaction(mongo, (session) => work(createDecisionsTransaction(collections, outbox, session)))
  return {
    collections,
    views: createMongoViews(collections),
    decideIssue: createDecideIssue({
      store: storeOf(createMongoDecisionsStore({ mongo, collections, outbox })),
      evaluate: async (decisionCase) => ({ verdict: await evaluate(decisionCase), shadow: null }),
      announcesStart,
      thresholdsOf: () => ({ autoResolve: 80, humanReview: 70 }),
      oversight,
      now,
      monotonicMs: () => 0,
      onCommit: () => {},
    }),
    async accept(...accepted: readonly NewCase[]) {
      const jobs = accepted.map((one) => toJob(one, now()))
      await within((transaction) => transaction.addJobs(jobs))
      return jobs
    },
    review: (...reviews: readonly NewReview[]) => within((transaction) => recordReviews(reviews, transaction)),
    jobOf: (id: string) => collections.jobs.findOne({ _id: id }),
    eventsOf: (jobId: string) => eventsOf(db, jobId),
  }
}

/** The events of one job in the order in which they will be published. */
async function eventsOf(db: Db, jobId: string): Promise<readonly DomainEvent[]> {
  const ids = ['started', 'made', 'failed'].map((what) => `${jobId}-${what}`)
  return (await outboxEvents(db)).filter((event) => ids.includes(event.id))
}

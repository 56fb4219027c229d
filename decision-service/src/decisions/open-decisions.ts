import { ACTORS } from '@redress/shared/access/actors.ts'
import { confirmingErasures } from '@redress/shared/events/confirm-erasures.ts'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import type { ClientSession } from 'mongodb'
import type { NewReview } from '../domain/review.ts'
import type { StoredDecision } from '../domain/stored-decision.ts'
import { createEvaluateCase } from '../engines/evaluate-case.ts'
import type { Engines } from '../engines/open-engines.ts'
import type { Queues } from '../jobs/frame/open-queues.ts'
import { JOBS } from '../jobs/frame/registry.ts'
import { createRecoverJobs } from '../jobs/recovery/recover-jobs.ts'
import type { Policies } from '../policies/in-force/policies.ts'
import { createAnalyseDecisions } from './analytics/analyse-decisions.ts'
import { createReadFacts } from './analytics/mongo-decision-facts.ts'
import { HOLD_LIMITS } from './domain/hold.ts'
import { type DecisionJob, URGENCY } from './domain/job.ts'
import type { Oversight } from './domain/oversight.ts'
import { createDecideHandler } from './inbound/decide-handler.ts'
import { createIssueEvents } from './inbound/issue-events.ts'
import { createLoaders } from './inbound/loaders.ts'
import { createDecisionResolvers } from './inbound/resolvers.ts'
import { createDecisionQueue } from './outbound/decision-queue.ts'
import type { DecisionCollections } from './outbound/documents.ts'
import { createEraseTexts } from './outbound/erase-texts.ts'
import { createDecisionJobSource, createJobsOfIssue } from './outbound/job-source.ts'
import { createDecisionsTransaction, createMongoDecisionsStore } from './outbound/mongo-decisions-store.ts'
import { createFindOldest, createFindOverdue } from './outbound/mongo-open-jobs.ts'
import { createMongoViews } from './outbound/mongo-views.ts'
import { createDecideIssue } from './use-cases/decide-issue.ts'
import { createFollowIssues } from './use-cases/follow-issues.ts'

type Stores = Pick<Service, 'mongo' | 'db' | 'logger' | 'resources'> &
  Readonly<{ collections: DecisionCollections; outbox: Outbox; queues: Queues }>

const now = () => new Date()

type TakeReviews = (reviews: readonly NewReview[], session: ClientSession) => Promise<void>
type Reading = Readonly<{ recordReviews: TakeReviews; settlePayments: TakeReviews }>

/** Takes in cases and reviews, queues what is to be decided, and shows decisions. */
export function openDecisions(stores: Stores, { recordReviews, settlePayments }: Reading) {
  const { db, collections, outbox } = stores
  const queue = createDecisionQueue(stores.queues.decisions)
  const views = createMongoViews(collections)
  const followIssues = createFollowIssues({
    transactionIn: (session: ClientSession) => createDecisionsTransaction(collections, outbox, session),
    recordReviews,
    settlePayments,
    queue,
    now,
    onCommit: outbox.wake,
  })
  const recover = createRecoverJobs(JOBS['decide-issue'], {
    findOverdue: createFindOverdue(collections),
    urgencyOf: ({ case: { priority } }) => URGENCY[priority],
    revive: queue.revive,
    now,
  })
  return {
    views,
    resolvers: createDecisionResolvers({
      views,
      analyseDecisions: createAnalyseDecisions({ readFacts: createReadFacts(collections) }),
    }),
    createLoaders: () => createLoaders(views),
    // A leader that died may have stored jobs without queueing them.
    events: confirmingErasures(
      createIssueEvents({
        ...followIssues,
        recover: async () => void (await recover({ all: true })),
        record: outbox.add,
      }),
      { db, subgraph: 'decisions', actor: ACTORS.decisions, eraseTexts: createEraseTexts(collections) },
    ),
    findOldest: createFindOldest(collections),
    source: createDecisionJobSource(collections),
    jobsOfIssue: createJobsOfIssue(collections),
    recover,
  }
}

type Deciding = Readonly<{
  policies: Pick<Policies, 'choose'>
  engines: Engines
  oversight: Oversight
  alertsOf: (job: DecisionJob, decision: StoredDecision) => readonly DomainEvent[]
  holdMaxMs: number
}>

/** Decides what is queued. */
export function openDeciding(stores: Stores, { policies, engines, oversight, alertsOf, holdMaxMs }: Deciding) {
  const decideIssue = createDecideIssue({
    store: createMongoDecisionsStore(stores),
    evaluate: createEvaluateCase({ policies, engine: engines.inForce }),
    announcesStart: engines.nameInForce !== 'RULES',
    thresholdsOf: engines.thresholdsOf,
    oversight,
    alertsOf,
    hold: { ...HOLD_LIMITS, totalMs: holdMaxMs },
    now,
    monotonicMs: () => performance.now(),
    onCommit: stores.outbox.wake,
  })
  const queue = createDecisionQueue(stores.queues.decisions)
  return { decideWith: decideIssue.decideWith, handler: createDecideHandler(decideIssue), queue }
}

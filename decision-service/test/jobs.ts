import type { Redis } from '@redress/shared/stores/redis.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { URGENCY } from '../src/decisions/domain/job.ts'
import { createDecideHandler } from '../src/decisions/inbound/decide-handler.ts'
import { createDecisionQueue } from '../src/decisions/outbound/decision-queue.ts'
import type { DecisionCollections } from '../src/decisions/outbound/documents.ts'
import { createFindOldest, createFindOverdue } from '../src/decisions/outbound/mongo-open-jobs.ts'
import type { DecideIssue } from '../src/decisions/use-cases/decide-issue.ts'
import type { DecisionQueue } from '../src/decisions/use-cases/ports.ts'
import { openQueue } from '../src/jobs/frame/open-queue.ts'
import { JOBS } from '../src/jobs/frame/registry.ts'
import { startWorker, type WorkerOptions } from '../src/jobs/frame/start-worker.ts'
import { createQueueViews } from '../src/jobs/monitoring/queue-views.ts'
import { createRecoverJobs } from '../src/jobs/recovery/recover-jobs.ts'

type Collections = Pick<DecisionCollections, 'jobs'>
type QueueOptions = Readonly<{ redis: Redis; collections: Collections; attempts: number }>

/** The queue of decisions, with no wait between attempts. */
export function openDecisionQueue({ redis, collections, attempts }: QueueOptions) {
  const { 'decide-issue': decide } = JOBS
  const registry = { ...JOBS, 'decide-issue': { ...decide, retry: { ...decide.retry, attempts, delayMs: 1 } } }
  const jobs = openQueue('decisions', { redis, registry, logger: silent })
  const views = createQueueViews({ decisions: jobs }, { decisions: createFindOldest(collections) })
  return { ...createDecisionQueue(jobs), ...views, close: jobs.close }
}

type Working = Omit<WorkerOptions, 'handlers' | 'logger'> & Readonly<{ decideIssue: DecideIssue }>

export function startDecisionWorker({ decideIssue, ...options }: Working) {
  return startWorker('decisions', {
    ...options,
    handlers: { 'decide-issue': createDecideHandler(decideIssue) },
    logger: silent,
  })
}

type Recovering = Readonly<{ collections: Collections; queue: Pick<DecisionQueue, 'revive'>; now: () => Date }>

/** Puts lost decisions back into their queue. */
export function createRecoverDecisions({ collections, queue, now }: Recovering) {
  return createRecoverJobs(JOBS['decide-issue'], {
    findOverdue: createFindOverdue(collections),
    urgencyOf: ({ case: { priority } }) => URGENCY[priority],
    revive: queue.revive,
    now,
  })
}

import { randomUUID } from 'node:crypto'
import { joinElection } from '@redress/shared/events/leadership.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Db, MongoClient } from 'mongodb'
import type { AiConfig } from '../../engines/ai-config.ts'
import type { ClaudeBatchesOptions } from '../../engines/model/claude-batches.ts'
import { createMongoAiSpend } from '../../engines/model/mongo-ai-spend.ts'
import type { Policies } from '../../policies/in-force/policies.ts'
import type { Collections } from '../outbound/documents.ts'
import type { DecideIssue } from '../use-cases/decide-issue.ts'
import type { JobQueue } from '../use-cases/ports.ts'
import { startBacklog } from './backlog.ts'
import { createBacklogModel } from './backlog-model.ts'
import { type BacklogLimits, createDecideBacklog } from './decide-backlog.ts'
import { aiBatchCollectionOf, createMongoAiBatches, prepareAiBatches } from './mongo-ai-batches.ts'

type Dependencies = Readonly<{
  config: Readonly<{ ai: AiConfig; backlog: BacklogLimits }>
  mongo: MongoClient
  db: Db
  redis: Redis
  outbox: Outbox
  collections: Collections
  policies: Policies
  decideWith: DecideIssue['decideWith']
  queue: Pick<JobQueue, 'revive'>
  logger: Logger
  resources: AsyncDisposableStack
}>

/** Has a backlog decided by message batches. It runs where none is to be made, too: one that is open is seen to its end. */
export async function openBacklog(dependencies: Dependencies): Promise<void> {
  const { config, mongo, db, redis, outbox, collections, policies, decideWith, queue, logger, resources } = dependencies
  const { ai, backlog: limits } = config
  const aiBatches = aiBatchCollectionOf(db)
  await prepareAiBatches(aiBatches, collections)

  const now = () => new Date()
  const spend = createMongoAiSpend({ mongo, db, outbox, dailyBudgetUsd: ai.dailyBudgetUsd, now, logger })
  const batches = ai.mode === 'ai' && ai.apiKey !== null ? await openBatches({ ...ai, apiKey: ai.apiKey }) : null
  const decideBacklog = createDecideBacklog({
    batches: createMongoAiBatches({ mongo, batches: aiBatches, jobs: collections.jobs }),
    model: batches && createBacklogModel({ batches, policies, spend, now }),
    decideWith,
    queue,
    limits,
    newId: randomUUID,
    now,
    onProblem: (batch, problem) => logger.warn({ batchId: batch.id, problem: String(problem) }, 'batch'),
  })
  const election = joinElection(redis, 'ai-backlog', logger)
  resources.defer(() => election.stop())
  const backlog = startBacklog({ decideBacklog, mayRun: election.isLeader, logger })
  resources.defer(() => backlog.stop())
}

/** Loaded only where there is a key: the provider's SDK is some megabytes. */
async function openBatches(options: ClaudeBatchesOptions) {
  const { createClaudeBatches } = await import('../../engines/model/claude-batches.ts')
  return createClaudeBatches(options)
}

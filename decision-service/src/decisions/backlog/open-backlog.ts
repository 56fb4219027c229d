import { randomUUID } from 'node:crypto'
import type { Service } from '@redress/shared/service/open-service.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { repeatOnLeader } from '../../../../shared/src/service/repeat-on-leader.ts'
import type { AiConfig } from '../../engines/ai-config.ts'
import type { ClaudeBatchesOptions } from '../../engines/model/claude-batches.ts'
import type { AiSpend } from '../../engines/model/guarded-model.ts'
import type { Policies } from '../../policies/in-force/policies.ts'
import type { DecideIssue } from '../use-cases/decide-issue.ts'
import type { DecisionQueue } from '../use-cases/ports.ts'
import { createBacklogModel } from './backlog-model.ts'
import { type BacklogLimits, createDecideBacklog } from './decide-backlog.ts'
import { type BacklogCollections, createMongoAiBatches } from './mongo-ai-batches.ts'

/** Batches take minutes to hours; polling more often gains nothing. */
const EVERY_MS = 30_000
/** The answers of a batch of a hundred thousand jobs are stored within minutes. */
const DEADLINE_MS = 15 * MINUTE_MS

type Stores = Pick<Service, 'mongo' | 'redis' | 'logger' | 'resources'> & Readonly<{ collections: BacklogCollections }>
type Dependencies = Readonly<{
  config: Readonly<{ ai: AiConfig; backlog: BacklogLimits }>
  policies: Policies
  spend: AiSpend | null
  decideWith: DecideIssue['decideWith']
  queue: Pick<DecisionQueue, 'revive'>
}>

/** Decides a backlog by message batches. Runs also where none is to be made: an open batch is seen to its end. */
export async function openBacklog(stores: Stores, dependencies: Dependencies): Promise<void> {
  const { config, policies, spend, decideWith, queue } = dependencies
  const { ai, backlog: limits } = config
  const now = () => new Date()
  const batches = ai.mode === 'ai' && ai.apiKey !== null ? await openBatches({ ...ai, apiKey: ai.apiKey }) : null
  const decideBacklog = createDecideBacklog({
    batches: createMongoAiBatches(stores),
    model: batches && spend && createBacklogModel({ batches, policies, spend, now }),
    decideWith,
    queue,
    limits,
    newId: randomUUID,
    now,
    onProblem: (batch, problem) => stores.logger.warn({ batchId: batch.id, problem: String(problem) }, 'batch'),
  })
  repeatOnLeader(stores, {
    election: 'ai-backlog',
    everyMs: EVERY_MS,
    deadlineMs: DEADLINE_MS,
    run: decideBacklog,
    onFailure: 'backlog not decided yet',
  })
}

/** Loaded only where there is a key: the provider's SDK is some megabytes. */
async function openBatches(options: ClaudeBatchesOptions) {
  const { createClaudeBatches } = await import('../../engines/model/claude-batches.ts')
  return createClaudeBatches(options)
}

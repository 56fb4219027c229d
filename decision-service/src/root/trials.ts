import { randomUUID } from 'node:crypto'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Db, MongoClient } from 'mongodb'
import { createReadCandidate } from '../engines/backtest-candidate.ts'
import { createDecideByVersion } from '../engines/decide-by-version.ts'
import { createEvaluateWith } from '../engines/evaluate-with.ts'
import { readPolicyText } from '../engines/parse-policy.ts'
import { createBacktestResolvers } from '../inbound/backtest-resolvers.ts'
import { createPolicyLoaders } from '../inbound/policy-loaders.ts'
import { createPolicyResolvers } from '../inbound/policy-resolvers.ts'
import { createReplayResolvers } from '../inbound/replay-resolvers.ts'
import { createSimulationResolvers } from '../inbound/simulation-resolvers.ts'
import { createBacktestQueue } from '../outbound/backtest-queue.ts'
import type { Collections } from '../outbound/documents.ts'
import {
  backtestCollectionOf,
  createFindSilent,
  createMongoBacktestStore,
  prepareBacktestCollection,
} from '../outbound/mongo-backtests.ts'
import { createFindLatestCase } from '../outbound/mongo-latest-case.ts'
import { createMadeDecisions } from '../outbound/mongo-made-decisions.ts'
import { createMongoPoliciesStore } from '../outbound/policies/mongo-policies-store.ts'
import { createMongoPolicyViews } from '../outbound/policies/mongo-policy-views.ts'
import { policyCollectionsOf } from '../outbound/policies/policy-documents.ts'
import type { PolicyRegistry } from '../outbound/policies/policy-registry.ts'
import { createBacktestPolicy } from '../use-cases/backtest-policy.ts'
import { createProposePolicy } from '../use-cases/propose-policy.ts'
import { createPublishPolicy } from '../use-cases/publish-policy.ts'
import { createRecoverBacktests } from '../use-cases/recover-backtests.ts'
import { createReplayDecision } from '../use-cases/replay-decision.ts'
import { createRollbackPolicy } from '../use-cases/rollback-policy.ts'
import { createSimulateDecision } from '../use-cases/simulate-decision.ts'
import { createTryPolicy } from '../use-cases/try-policy.ts'
import type { Views } from '../use-cases/views.ts'
import type { Engines } from './engines.ts'

type Dependencies = Readonly<{
  mongo: MongoClient
  db: Db
  queueRedis: Redis
  outbox: Outbox
  collections: Collections
  views: Views
  policies: PolicyRegistry
  engines: Engines
  logger: Logger
  resources: AsyncDisposableStack
}>

/** Whatever changes a policy, and all that can be tried before: versions, simulations, backtests, replays. */
export async function openTrials(dependencies: Dependencies) {
  const { mongo, db, queueRedis, outbox, collections, views, policies, engines, logger, resources } = dependencies
  const now = () => new Date()
  const onCommit = outbox.wake
  const thresholds = engines.thresholdsOf('RULES')

  const backtests = backtestCollectionOf(db)
  await prepareBacktestCollection(backtests)
  const queue = createBacktestQueue({ redis: queueRedis, backtests, logger })
  resources.defer(() => queue.close())
  const backtestStore = createMongoBacktestStore({ mongo, backtests, outbox })
  const backtestPolicy = createBacktestPolicy({
    readCandidate: createReadCandidate({ policies }),
    made: createMadeDecisions(collections),
    store: backtestStore,
    queue,
    newId: () => `bt_${randomUUID()}`,
    now,
    onCommit,
  })

  const policyCollections = policyCollectionsOf(db)
  const policyViews = createMongoPolicyViews(policyCollections)
  const policyStore = createMongoPoliciesStore({ mongo, collections: policyCollections, outbox })
  const changing = { store: policyStore, now, onCommit }

  const simulateDecision = createSimulateDecision({
    findLatestCase: createFindLatestCase(collections),
    evaluate: createEvaluateWith({ policies, engines: engines.all, engineInForce: engines.inForce }),
    thresholdsOf: engines.thresholdsOf,
    now,
    monotonicMs: () => performance.now(),
  })
  const replayDecision = createReplayDecision({
    views,
    decideByVersion: createDecideByVersion(policies),
    thresholds,
  })
  return {
    resolvers: [
      createPolicyResolvers({
        views: policyViews,
        proposePolicy: createProposePolicy({ ...changing, readPolicyText }),
        publishPolicy: createPublishPolicy(changing),
        rollbackPolicy: createRollbackPolicy(changing),
        tryPolicy: createTryPolicy(changing),
        now,
      }),
      createSimulationResolvers({ simulateDecision }),
      createReplayResolvers({ replayDecision }),
      createBacktestResolvers({ backtestPolicy, findBacktest: backtestStore.find }),
    ],
    createLoaders: () => createPolicyLoaders(policyViews),
    queue,
    recover: createRecoverBacktests({ findSilent: createFindSilent(backtests), queue, now }),
  }
}

import { randomUUID } from 'node:crypto'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Db, MongoClient } from 'mongodb'
import type { Collections } from '../../decisions/outbound/documents.ts'
import type { Views } from '../../decisions/use-cases/views.ts'
import type { Engines } from '../../engines/open-engines.ts'
import { createMongoPoliciesStore } from '../deployment/mongo-policies-store.ts'
import { createMongoPolicyViews } from '../deployment/mongo-policy-views.ts'
import { policyCollectionsOf } from '../deployment/policy-documents.ts'
import { createPolicyLoaders } from '../deployment/policy-loaders.ts'
import { createPolicyResolvers } from '../deployment/policy-resolvers.ts'
import { createProposePolicy } from '../deployment/propose-policy.ts'
import { createPublishPolicy } from '../deployment/publish-policy.ts'
import { createRollbackPolicy } from '../deployment/rollback-policy.ts'
import { createTryPolicy } from '../deployment/try-policy.ts'
import { readPolicyText } from '../files/parse-policy.ts'
import type { PolicyRegistry } from '../in-force/policy-registry.ts'
import { createReadCandidate } from './backtest/backtest-candidate.ts'
import { createBacktestPolicy } from './backtest/backtest-policy.ts'
import { createBacktestQueue } from './backtest/backtest-queue.ts'
import { createBacktestResolvers } from './backtest/backtest-resolvers.ts'
import {
  backtestCollectionOf,
  createFindSilent,
  createMongoBacktestStore,
  prepareBacktestCollection,
} from './backtest/mongo-backtests.ts'
import { createMadeDecisions } from './backtest/mongo-made-decisions.ts'
import { createRecoverBacktests } from './backtest/recover-backtests.ts'
import { createDecideByVersion } from './decide-by-version.ts'
import { createEvaluateWith } from './evaluate-with.ts'
import { createFindLatestCase } from './mongo-latest-case.ts'
import { createReplayDecision } from './replay-decision.ts'
import { createReplayResolvers } from './replay-resolvers.ts'
import { createSimulateDecision } from './simulate-decision.ts'
import { createSimulationResolvers } from './simulation-resolvers.ts'

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

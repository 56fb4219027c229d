import { randomUUID } from 'node:crypto'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import type { DecisionCollections } from '../../../decisions/outbound/documents.ts'
import type { RoutingThresholds } from '../../../domain/routing.ts'
import type { Queues } from '../../../jobs/frame/open-queues.ts'
import { JOBS } from '../../../jobs/frame/registry.ts'
import { createRecoverJobs } from '../../../jobs/recovery/recover-jobs.ts'
import type { Policies } from '../../in-force/policies.ts'
import { createOpenCandidate, createReadCandidate } from './backtest-candidate.ts'
import { createBacktestHandler } from './backtest-handler.ts'
import { createBacktestPolicy } from './backtest-policy.ts'
import { createBacktestQueue } from './backtest-queue.ts'
import { createBacktestResolvers } from './backtest-resolvers.ts'
import { createBacktestSource } from './backtest-source.ts'
import {
  type BacktestCollections,
  createFindSilent,
  createMongoBacktestStore,
  createPageOfBacktests,
} from './mongo-backtests.ts'
import { createMadeDecisions } from './mongo-made-decisions.ts'
import { createRunBacktest } from './run-backtest.ts'

type Stores = Pick<Service, 'mongo' | 'logger' | 'resources'> &
  Readonly<{ collections: BacktestCollections & DecisionCollections; outbox: Outbox; queues: Queues }>

const now = () => new Date()

/** Accepts backtests, queues them, and shows their results. */
export function openBacktests(stores: Stores, { policies }: Readonly<{ policies: Policies }>) {
  const { collections, outbox, queues } = stores
  const { backtests } = collections
  const queue = createBacktestQueue(queues.background)
  const store = createMongoBacktestStore(stores)
  const backtestPolicy = createBacktestPolicy({
    readCandidate: createReadCandidate({ policies }),
    made: createMadeDecisions(collections),
    store,
    queue,
    newId: () => `bt_${randomUUID()}`,
    now,
    onCommit: outbox.wake,
  })
  return {
    resolvers: createBacktestResolvers({
      backtestPolicy,
      findBacktest: store.find,
      pageOfBacktests: createPageOfBacktests(backtests),
    }),
    source: createBacktestSource(store, backtests),
    recover: createRecoverJobs(JOBS['backtest-policy'], {
      findOverdue: createFindSilent(backtests),
      revive: queue.revive,
      now,
    }),
  }
}

type Running = Readonly<{ policies: Pick<Policies, 'find'>; thresholds: RoutingThresholds }>

/** Runs the backtests that are queued. */
export function openBacktestRuns(stores: Stores, { policies, thresholds }: Running) {
  return createBacktestHandler(
    createRunBacktest({
      store: createMongoBacktestStore(stores),
      made: createMadeDecisions(stores.collections),
      openCandidate: createOpenCandidate({ policies }),
      thresholds,
      now,
      onCommit: stores.outbox.wake,
    }),
  )
}

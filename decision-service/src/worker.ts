import { STREAMS } from '@redress/shared/events/envelope.ts'
import { createOutbox, prepareOutbox } from '@redress/shared/events/outbox.ts'
import { startOutboxRelay } from '@redress/shared/events/outbox-relay.ts'
import { configOrExit } from '@redress/shared/process/config.ts'
import { createHealth } from '@redress/shared/process/health.ts'
import { answerJson, startHttpServer } from '@redress/shared/process/http.ts'
import { announceReady, endWithOneLine, exitAfter, untilStopped } from '@redress/shared/process/lifecycle.ts'
import { createLogger } from '@redress/shared/process/logger.ts'
import { connectMongo, pingMongo } from '@redress/shared/stores/mongo.ts'
import { connectRedis, pingRedis } from '@redress/shared/stores/redis.ts'
import { createMetrics } from '@redress/shared/telemetry/metrics.ts'
import { startTelemetry } from '@redress/shared/telemetry/telemetry.ts'
import { readWorkerConfig } from './config.ts'
import { openBacklog } from './decisions/backlog/open-backlog.ts'
import { HOLD_LIMITS } from './decisions/domain/hold.ts'
import { JOB_TYPE, startDecisionWorker } from './decisions/inbound/decision-worker.ts'
import { createDecisionQueue, DECISIONS_QUEUE } from './decisions/outbound/decision-queue.ts'
import { collectionsOf, prepareCollections } from './decisions/outbound/documents.ts'
import { createMongoDecisionsStore } from './decisions/outbound/mongo-decisions-store.ts'
import { createDecideIssue } from './decisions/use-cases/decide-issue.ts'
import { createEvaluateCase } from './engines/evaluate-case.ts'
import { openEngines } from './engines/open-engines.ts'
import { createJobMetrics } from './jobs/worker-metrics.ts'
import { startOversightWatch } from './oversight/autonomy-watch.ts'
import { autonomyCollectionOf, prepareAutonomyCollection } from './oversight/mongo-autonomy.ts'
import { paymentCollectionsOf } from './payments/outbound/payment-documents.ts'
import { createReadRules } from './payments/rules/mongo-rules.ts'
import { createAlertsOf } from './payments/rules/raise-rule-alerts.ts'
import { createRuleWatch } from './payments/rules/rule-watch.ts'
import { openPoliciesInForce } from './policies/open-policies.ts'
import { createOpenCandidate } from './policies/trials/backtest/backtest-candidate.ts'
import { BACKTESTS_QUEUE } from './policies/trials/backtest/backtest-queue.ts'
import { BACKTEST_JOB_TYPE, startBacktestWorker } from './policies/trials/backtest/backtest-worker.ts'
import { backtestCollectionOf, createMongoBacktestStore } from './policies/trials/backtest/mongo-backtests.ts'
import { createMadeDecisions } from './policies/trials/backtest/mongo-made-decisions.ts'
import { createRunBacktest } from './policies/trials/backtest/run-backtest.ts'

const config = configOrExit(readWorkerConfig)
const logger = createLogger('worker', config.log)

// Closed in reverse order when this module ends, whether it ends well or not.
await using resources = new AsyncDisposableStack()

const metrics = createMetrics(config.metrics)
const telemetry = await startTelemetry('worker', { ...config.telemetry, logger })
resources.defer(() => telemetry.stop())

// What we talk to.
const mongo = await connectMongo(config.mongo.uri, 'worker')
resources.defer(() => mongo.close())
const db = mongo.db(config.database)
const collections = collectionsOf(db)
await prepareCollections(collections)
await prepareOutbox(db)

const redis = await connectRedis(config.events.url, { name: 'worker', logger })
resources.defer(() => redis.destroy())
const queueRedis = await connectRedis(config.queue.url, { name: 'worker-queue', logger })
resources.defer(() => queueRedis.destroy())

const relay = await startOutboxRelay({ db, redis, stream: STREAMS.decisions, logger })
resources.defer(() => relay.stop())
const outbox = createOutbox(db, relay.wake)

// What we do.
const now = () => new Date()
const stores = { mongo, db, redis, outbox, metrics, logger, resources }
const policies = await openPoliciesInForce({ ...stores, directory: config.skillsDirectory })
const { all, inForce, thresholdsOf } = await openEngines({ ...stores, policies, config })

const autonomy = autonomyCollectionOf(db)
await prepareAutonomyCollection(autonomy)
const { blindShare } = config.oversight
const people = await startOversightWatch({ autonomy, blindShare, logger })
resources.defer(() => people.stop())
const rules = createRuleWatch({ readRules: createReadRules(paymentCollectionsOf(db)), logger })
await rules.start()
resources.defer(() => rules.stop())

const decideIssue = createDecideIssue({
  store: createMongoDecisionsStore({ mongo, collections, outbox }),
  evaluate: createEvaluateCase({ policies, engine: all[inForce]! }),
  thresholdsOf,
  oversight: people.oversight,
  alertsOf: createAlertsOf(rules.hitsOf),
  hold: { ...HOLD_LIMITS, totalMs: config.ai.holdMaxMs },
  now,
  monotonicMs: () => performance.now(),
  onCommit: outbox.wake,
})
const runBacktest = createRunBacktest({
  store: createMongoBacktestStore({ mongo, backtests: backtestCollectionOf(db), outbox }),
  made: createMadeDecisions(collections),
  openCandidate: createOpenCandidate({ policies }),
  thresholds: config.thresholds,
  now,
  onCommit: outbox.wake,
})
const queue = createDecisionQueue({ redis: queueRedis, jobs: collections.jobs, ...config.queue, logger })
resources.defer(() => queue.close())
await openBacklog({ ...stores, config, collections, policies, decideWith: decideIssue.decideWith, queue })

// What talks to us.
const jobMetrics = createJobMetrics(metrics)
const worker = startDecisionWorker({
  queue: DECISIONS_QUEUE,
  redis: queueRedis,
  decideIssue,
  concurrency: config.concurrency,
  metrics: jobMetrics({ queue: DECISIONS_QUEUE, type: JOB_TYPE }),
  telemetry,
  logger,
})
resources.defer(() => worker.close())
const backtestWorker = startBacktestWorker({
  queue: BACKTESTS_QUEUE,
  redis: queueRedis,
  runBacktest,
  metrics: jobMetrics({ queue: BACKTESTS_QUEUE, type: BACKTEST_JOB_TYPE }),
  telemetry,
  logger,
})
resources.defer(() => backtestWorker.close())

const health = createHealth('worker', {
  mongodb: () => pingMongo(mongo, config.health.timeoutMs),
  redis: () => pingRedis(redis, config.health.timeoutMs),
  queue: () => pingRedis(queueRedis, config.health.timeoutMs),
})
const server = await startHttpServer(
  (request, response) => {
    if (health.answer(request, response) || metrics.answer(request, response)) return
    answerJson(response, 404, { code: 'NOT_FOUND' })
  },
  { port: config.port, host: config.host },
).catch(endWithOneLine)
resources.defer(() => server.close())

logger.info({ url: server.url }, 'ready')
announceReady(server.url)
logger.info({ signal: await untilStopped() }, 'stopping')
health.drain()
exitAfter(config.shutdown.timeoutMs)

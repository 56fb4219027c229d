import { configOrExit } from '@redress/shared/config.ts'
import { STREAMS } from '@redress/shared/events/envelope.ts'
import { createOutbox, prepareOutbox } from '@redress/shared/events/outbox.ts'
import { startOutboxRelay } from '@redress/shared/events/outbox-relay.ts'
import { createHealth } from '@redress/shared/health.ts'
import { answerJson, startHttpServer } from '@redress/shared/http.ts'
import { announceReady, endWithOneLine, exitAfter, untilStopped } from '@redress/shared/lifecycle.ts'
import { createLogger } from '@redress/shared/logger.ts'
import { createMetrics } from '@redress/shared/metrics.ts'
import { connectMongo, pingMongo } from '@redress/shared/mongo.ts'
import { connectRedis, pingRedis } from '@redress/shared/redis.ts'
import { startTelemetry } from '@redress/shared/telemetry.ts'
import { readWorkerConfig } from './config.ts'
import { NO_OVERSIGHT } from './domain/oversight.ts'
import { createEvaluateCase } from './engines/evaluate-case.ts'
import { rulesEngine } from './engines/rules/rules-engine.ts'
import { JOB_TYPE, startDecisionWorker } from './inbound/decision-worker.ts'
import { createJobMetrics } from './inbound/job-metrics.ts'
import { DECISIONS_QUEUE } from './outbound/decision-queue.ts'
import { collectionsOf, prepareCollections } from './outbound/documents.ts'
import { createMongoDecisionsStore } from './outbound/mongo-decisions-store.ts'
import { openSkills } from './outbound/skills-folder.ts'
import { createDecideIssue } from './use-cases/decide-issue.ts'

const config = configOrExit(readWorkerConfig)
const logger = createLogger('worker', config.log)

// Closed in reverse order when this module ends, whether it ends well or not.
await using resources = new AsyncDisposableStack()

const metrics = createMetrics(config.metrics)
const telemetry = await startTelemetry('worker', { ...config.telemetry, logger })
resources.defer(() => telemetry.stop())

// What we talk to.
const skills = await openSkills(config.skillsDirectory, {
  onChange: ({ name, version, digest }) => logger.info({ skill: name, version, digest }, 'policy in force'),
  onProblem: (err) => logger.error({ err }, 'policy edit refused, the last good version stays in force'),
})
resources.defer(() => skills.close())

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
const decideIssue = createDecideIssue({
  store: createMongoDecisionsStore({ mongo, collections, outbox }),
  evaluate: createEvaluateCase({
    policies: {
      choose: ({ details }) => ({ skill: skills.forType(details.type), shadow: null }),
    },
    engine: rulesEngine,
  }),
  thresholdsOf: () => config.thresholds,
  oversight: NO_OVERSIGHT,
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  onCommit: outbox.wake,
})

// What talks to us.
const worker = startDecisionWorker({
  queue: DECISIONS_QUEUE,
  redis: queueRedis,
  decideIssue,
  concurrency: config.concurrency,
  metrics: createJobMetrics(metrics, { queue: DECISIONS_QUEUE, type: JOB_TYPE }),
  telemetry,
  logger,
})
resources.defer(() => worker.close())

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

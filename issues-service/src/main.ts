import { createInternalTokenVerifier } from '@redress/shared/access/internal-token.ts'
import { STREAMS } from '@redress/shared/events/envelope.ts'
import { exposeConsumer, exposeOutbox } from '@redress/shared/events/event-metrics.ts'
import { createOutbox, prepareOutbox } from '@redress/shared/events/outbox.ts'
import { startOutboxRelay } from '@redress/shared/events/outbox-relay.ts'
import { startStreamConsumer } from '@redress/shared/events/stream-consumer.ts'
import { configOrExit } from '@redress/shared/process/config.ts'
import { announceReady, endWithOneLine, exitAfter, untilStopped } from '@redress/shared/process/lifecycle.ts'
import { createLogger } from '@redress/shared/process/logger.ts'
import { coalesce } from '@redress/shared/resilience/coalesce.ts'
import { readMasterKey } from '@redress/shared/stores/encryption.ts'
import { connectMongo, pingMongo } from '@redress/shared/stores/mongo.ts'
import { connectRedis, pingRedis } from '@redress/shared/stores/redis.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { createMetrics } from '@redress/shared/telemetry/metrics.ts'
import { startTelemetry } from '@redress/shared/telemetry/telemetry.ts'
import { ulid } from 'ulid'
import { readConfig } from './config.ts'
import type { Issue } from './domain/issue.ts'
import { toIssueNews } from './inbound/decision-events.ts'
import { createLoaders } from './inbound/loaders.ts'
import { createResolvers } from './inbound/resolvers.ts'
import { collectionsOf, prepareCollections } from './outbound/documents.ts'
import { createEventLog } from './outbound/event-log.ts'
import { createIssuesTransaction, createMongoIssuesStore } from './outbound/mongo-issues-store.ts'
import { createMongoPersonalData } from './outbound/mongo-personal-data.ts'
import { createMongoViews } from './outbound/mongo-views.ts'
import { type CreateIssueCommand, createCreateIssues } from './use-cases/create-issues.ts'
import { createFollowDecisions } from './use-cases/follow-decisions.ts'
import { createReadPersonalData } from './use-cases/read-personal-data.ts'
import { createRetryIssue } from './use-cases/retry-issue.ts'
import { createReviewIssue } from './use-cases/review-issue.ts'

const config = configOrExit(readConfig)
const logger = createLogger('issues', config.log)

// Closed in reverse order when this module ends, whether it ends well or not.
await using resources = new AsyncDisposableStack()

const metrics = createMetrics(config.metrics)
const telemetry = await startTelemetry('issues', { ...config.telemetry, logger })
resources.defer(() => telemetry.stop())

// What we talk to.
const mongo = await connectMongo(config.mongo.uri, 'issues')
resources.defer(() => mongo.close())
const db = mongo.db(config.database)
const collections = collectionsOf(db)
await prepareCollections(collections)
await prepareOutbox(db)

const redis = await connectRedis(config.events.url, { name: 'issues', logger })
resources.defer(() => redis.destroy())

const relay = await startOutboxRelay({ db, redis, stream: STREAMS.issues, logger })
resources.defer(() => relay.stop())
const outbox = createOutbox(db, relay.wake)

// What we do.
const now = () => new Date()
const onCommit = outbox.wake
const store = createMongoIssuesStore({ mongo, collections, outbox })
const views = createMongoViews(collections)
const personalData = createMongoPersonalData(collections, readMasterKey(config.encryptionKey))
const createIssues = createCreateIssues({ store, createId: () => `iss_${ulid()}`, now, onCommit })
const createIssue = coalesce<CreateIssueCommand, Issue>(createIssues)
const reviewIssue = createReviewIssue({ store, now, onCommit })
const retryIssue = createRetryIssue({ store, now, onCommit })
const followDecisions = createFollowDecisions({ now })
const readPersonalData = createReadPersonalData({
  personalData,
  events: createEventLog(mongo, outbox),
  createId: ulid,
  now,
})

// What talks to us.
const consumer = await startStreamConsumer({
  mongo,
  db,
  redis,
  streams: [STREAMS.decisions],
  group: 'issues',
  isRelevant: (event) => toIssueNews(event).length > 0,
  apply: (events, session) =>
    followDecisions(events.flatMap(toIssueNews), createIssuesTransaction(collections, outbox, session)),
  afterCommit: async () => outbox.wake(),
  telemetry,
  logger,
})
resources.defer(() => consumer.stop())

exposeOutbox(metrics, { db, stream: STREAMS.issues })
exposeConsumer(metrics, { redis, streams: [STREAMS.decisions], group: 'issues' })
const subgraph = await serveSubgraph({
  name: 'issues',
  schemaFile: new URL('../schema.graphql', import.meta.url),
  resolvers: createResolvers({ createIssue, createIssues, reviewIssue, retryIssue, views }),
  createLoaders: () => createLoaders(views, readPersonalData),
  verifyToken: createInternalTokenVerifier(config.internalPublicKey),
  checks: {
    mongodb: () => pingMongo(mongo, config.health.timeoutMs),
    redis: () => pingRedis(redis, config.health.timeoutMs),
  },
  port: config.port,
  host: config.host,
  metrics,
  telemetry,
  logger,
}).catch(endWithOneLine)
resources.defer(() => subgraph.close())

logger.info({ url: subgraph.url }, 'ready')
announceReady(subgraph.url)
logger.info({ signal: await untilStopped() }, 'stopping')
exitAfter(config.shutdown.timeoutMs)

import { createInternalTokenVerifier } from '@redress/shared/access/internal-token.ts'
import { CONSUMER_GROUPS, STREAMS } from '@redress/shared/events/envelope.ts'
import { exposeConsumer, exposeOutbox } from '@redress/shared/events/event-metrics.ts'
import { joinElection } from '@redress/shared/events/leadership.ts'
import { createOutbox, prepareOutbox } from '@redress/shared/events/outbox.ts'
import { startOutboxRelay } from '@redress/shared/events/outbox-relay.ts'
import { startStreamConsumer } from '@redress/shared/events/stream-consumer.ts'
import { configOrExit } from '@redress/shared/process/config.ts'
import { announceReady, endWithOneLine, exitAfter, untilStopped } from '@redress/shared/process/lifecycle.ts'
import { createLogger } from '@redress/shared/process/logger.ts'
import { connectMongo, pingMongo } from '@redress/shared/stores/mongo.ts'
import { connectRedis, pingRedis } from '@redress/shared/stores/redis.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { createMetrics } from '@redress/shared/telemetry/metrics.ts'
import { startTelemetry } from '@redress/shared/telemetry/telemetry.ts'
import { readSubgraphConfig } from './config.ts'
import { toNewCase, toNewReview } from './decisions/inbound/issue-events.ts'
import { createLoaders } from './decisions/inbound/loaders.ts'
import { combineResolvers, createResolvers } from './decisions/inbound/resolvers.ts'
import { createDecisionQueue } from './decisions/outbound/decision-queue.ts'
import { collectionsOf, prepareCollections } from './decisions/outbound/documents.ts'
import { createDecisionsTransaction } from './decisions/outbound/mongo-decisions-store.ts'
import { createFindOverdue } from './decisions/outbound/mongo-overdue-jobs.ts'
import { createMongoViews } from './decisions/outbound/mongo-views.ts'
import { createAcceptCases, toJob } from './decisions/use-cases/accept-cases.ts'
import { createRecoverJobs } from './decisions/use-cases/recover-jobs.ts'
import { openEngines } from './engines/open-engines.ts'
import { joinQueueViews } from './jobs/join-queue-views.ts'
import { exposeQueues } from './jobs/queue-metrics.ts'
import { startRecovery } from './jobs/recovery.ts'
import { openPeople } from './oversight/open-oversight.ts'
import { openPayments } from './payments/open-payments.ts'
import { openPoliciesInForce } from './policies/open-policies.ts'
import { openTrials } from './policies/trials/open-trials.ts'

/** Within the gateway's patience with a subgraph (SUBGRAPH_TIMEOUT_MS). */
const SIMULATION_BUDGET_MS = 4_500

const config = configOrExit(readSubgraphConfig)
const logger = createLogger('decisions', config.log)

// Closed in reverse order when this module ends, whether it ends well or not.
await using resources = new AsyncDisposableStack()

const metrics = createMetrics(config.metrics)
const telemetry = await startTelemetry('decisions', { ...config.telemetry, logger })
resources.defer(() => telemetry.stop())

// What we talk to.
const mongo = await connectMongo(config.mongo.uri, 'decisions')
resources.defer(() => mongo.close())
const db = mongo.db(config.database)
const collections = collectionsOf(db)
await prepareCollections(collections)
await prepareOutbox(db)

const redis = await connectRedis(config.events.url, { name: 'decisions', logger })
resources.defer(() => redis.destroy())
const queueRedis = await connectRedis(config.queue.url, { name: 'decisions-queue', logger })
resources.defer(() => queueRedis.destroy())
const queue = createDecisionQueue({ redis: queueRedis, jobs: collections.jobs, ...config.queue, logger })
resources.defer(() => queue.close())

const relay = await startOutboxRelay({ db, redis, stream: STREAMS.decisions, logger })
resources.defer(() => relay.stop())
const outbox = createOutbox(db, relay.wake)

// What we do.
const now = () => new Date()
const acceptCases = createAcceptCases({ now })
const recoverJobs = createRecoverJobs({ findOverdue: createFindOverdue(collections), queue, now })
const views = createMongoViews(collections)
const stores = { mongo, db, redis, outbox, metrics, logger, resources }
const policies = await openPoliciesInForce({ ...stores, directory: config.skillsDirectory })
const { budgetMs } = config.ai
// Whoever simulates waits for the answer, and the gateway does not wait for long.
const ai = { ...config.ai, budgetMs: Math.min(budgetMs, SIMULATION_BUDGET_MS) }
const engines = await openEngines({ ...stores, policies, config: { ...config, ai } })
const trials = await openTrials({ ...stores, collections, queueRedis, views, policies, engines })
const people = await openPeople({ ...stores, collections, views, autonomy: config.oversight.autonomy })
const payments = await openPayments({ ...stores, issuesUrl: config.issuesUrl })
const queues = joinQueueViews(queue, trials.queue)

// What talks to us.
const consumer = await startStreamConsumer({
  mongo,
  db,
  redis,
  streams: [STREAMS.issues],
  group: CONSUMER_GROUPS.decisions,
  isRelevant: (event) => toNewCase(event).length + toNewReview(event).length > 0,
  async apply(events, session) {
    const transaction = createDecisionsTransaction(collections, outbox, session)
    await acceptCases(events.flatMap(toNewCase), transaction)
    await people.recordReviews(events.flatMap(toNewReview), session)
  },
  afterCommit(events) {
    outbox.wake()
    return queue.enqueue(events.flatMap(toNewCase).map((one) => toJob(one, now())))
  },
  telemetry,
  logger,
})
resources.defer(() => consumer.stop())

const election = joinElection(redis, 'recovery:decisions', logger)
resources.defer(() => election.stop())
const recover = async () => (await recoverJobs()) + (await trials.recover())
const recovery = startRecovery({ recoverJobs: recover, mayRun: election.isLeader, logger })
resources.defer(() => recovery.stop())

exposeOutbox(metrics, { db, stream: STREAMS.decisions })
exposeConsumer(metrics, { redis, streams: [STREAMS.issues], group: 'decisions' })
exposeQueues({ metrics, queues, mayReport: election.isLeader })
const subgraph = await serveSubgraph({
  name: 'decisions',
  schemaFile: new URL('../schema.graphql', import.meta.url),
  resolvers: combineResolvers(
    createResolvers({ queues }),
    people.resolvers,
    ...trials.resolvers,
    ...payments.resolvers,
  ),
  createLoaders: () => ({ ...createLoaders(views), ...trials.createLoaders(), ...payments.createLoaders() }),
  verifyToken: createInternalTokenVerifier(config.internalPublicKey),
  checks: {
    mongodb: () => pingMongo(mongo, config.health.timeoutMs),
    redis: () => pingRedis(redis, config.health.timeoutMs),
    queue: () => pingRedis(queueRedis, config.health.timeoutMs),
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

import { createInternalTokenVerifier } from '@redress/shared/access/internal-token.ts'
import { configOrExit } from '@redress/shared/process/config.ts'
import { announceReady, endWithOneLine, exitAfter, untilStopped } from '@redress/shared/process/lifecycle.ts'
import { createLogger } from '@redress/shared/process/logger.ts'
import { connectMongo, pingMongo } from '@redress/shared/stores/mongo.ts'
import { connectRedis, pingRedis } from '@redress/shared/stores/redis.ts'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { createMetrics } from '@redress/shared/telemetry/metrics.ts'
import { startTelemetry } from '@redress/shared/telemetry/telemetry.ts'
import { readConfig } from './config.ts'
import { startEventsIn } from './inbound/events-in.ts'
import { createLoaders } from './inbound/loaders.ts'
import { createResolvers } from './inbound/resolvers.ts'
import { collectionsOf, prepareCollections } from './outbound/documents.ts'
import { createMongoApiKeys } from './outbound/mongo-api-keys.ts'
import { createMongoChainReader, createMongoChainWriter } from './outbound/mongo-chain.ts'
import { createMongoViews } from './outbound/mongo-views.ts'
import { makeRandomSecret } from './outbound/random-secret.ts'
import { createCreateApiKey } from './use-cases/create-api-key.ts'
import { recordEvents } from './use-cases/record-events.ts'
import { createRevokeApiKey } from './use-cases/revoke-api-key.ts'
import { createVerifyChain } from './use-cases/verify-chain.ts'

const config = configOrExit(readConfig)
const logger = createLogger('audit', config.log)

// Closed in reverse order when this module ends, whether it ends well or not.
await using resources = new AsyncDisposableStack()

const metrics = createMetrics(config.metrics)
const telemetry = await startTelemetry('audit', { ...config.telemetry, logger })
resources.defer(() => telemetry.stop())

// What we talk to.
const mongo = await connectMongo(config.mongo.uri, 'audit')
resources.defer(() => mongo.close())
const db = mongo.db(config.database)
const collections = collectionsOf(db)
await prepareCollections(collections)

const redis = await connectRedis(config.events.url, { name: 'audit', logger })
resources.defer(() => redis.destroy())

// What we do.
const views = createMongoViews(collections)
const verifyChain = createVerifyChain(createMongoChainReader(collections))
const now = () => new Date()
const keys = createMongoApiKeys({ mongo, collections })
const createApiKey = createCreateApiKey({ keys, makeSecret: makeRandomSecret, now })
const revokeApiKey = createRevokeApiKey({ keys, now })

// What talks to us.
const eventsIn = await startEventsIn({
  mongo,
  db,
  redis,
  record: (events, session) => recordEvents(events, createMongoChainWriter(collections, session)),
  metrics,
  telemetry,
  logger,
})
resources.defer(() => eventsIn.stop())

const subgraph = await serveSubgraph({
  name: 'audit',
  schemaFile: new URL('../schema.graphql', import.meta.url),
  resolvers: createResolvers({ views, verifyChain, keys, createApiKey, revokeApiKey }),
  createLoaders: () => createLoaders(views),
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

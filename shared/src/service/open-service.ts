import type { Db, MongoClient } from 'mongodb'
import type { HealthCheck, HealthChecks } from '../process/health.ts'
import { endAfterClosing, endToStartAgain } from '../process/lifecycle.ts'
import { createLogger, type Logger } from '../process/logger.ts'
import type { toServiceConfig } from '../process/service-environment.ts'
import { within } from '../resilience/deadline.ts'
import { connectMongo, pingMongo } from '../stores/mongo.ts'
import { watchMongo } from '../stores/mongo-watchdog.ts'
import { openRedis, pingRedis, type Redis } from '../stores/redis.ts'
import { watchStorageRoom } from '../stores/storage-room.ts'
import { createMetrics, type Metrics } from '../telemetry/metrics.ts'
import { startTelemetry, type Telemetry } from '../telemetry/telemetry.ts'

export type ServiceConfig = ReturnType<typeof toServiceConfig> & Readonly<{ port: number; database: string }>

/** The resources that every process of a service has. */
export type Service = Readonly<{
  name: string
  config: ServiceConfig
  logger: Logger
  metrics: Metrics
  telemetry: Telemetry
  mongo: MongoClient
  db: Db
  /** The Redis of the event streams. */
  redis: Redis
  /** Whether the dependencies answer, for `/health/ready`. */
  checks: HealthChecks
  /** The same for Redis: without it a service answers what MongoDB can answer, and catches up later. */
  optionalChecks: Record<string, HealthCheck>
  /** Closed in reverse order of opening when the service is disposed. */
  resources: AsyncDisposableStack
}>

/** Connects a process of a service to its stores. Disposing it closes them and everything in `resources`. */
export async function openService(name: string, config: ServiceConfig): Promise<Service & AsyncDisposable> {
  await using opening = new AsyncDisposableStack()
  const logger = createLogger(name, config.log)
  const metrics = createMetrics(config.metrics)
  const telemetry = await startTelemetry(name, { ...config.telemetry, logger })
  opening.defer(() => telemetry.stop())
  const mongo = await connectMongo(config.mongo.uri, name)
  opening.defer(() => mongo.close())
  const onStranded = () => endToStartAgain(logger, undefined, 'the database answers others, but not this process')
  const watchdog = watchMongo({ mongo, uri: config.mongo.uri, onStranded })
  opening.defer(() => watchdog.stop())
  const redis = openRedis(config.events.url, { name, logger })
  opening.defer(() => redis.destroy())

  const checks = { mongodb: () => pingMongo(mongo, config.health.timeoutMs) }
  const db = mongo.db(config.database)
  const storage = watchStorageRoom({ db, metrics, logger, freeMinPercent: config.mongo.freeMinPercent })
  opening.defer(() => storage.stop())
  const optionalChecks = {
    redis: () => pingRedis(redis, config.health.timeoutMs),
    storage: () => within(config.health.timeoutMs, storage.hasRoom()),
  }
  const resources = opening.move()
  return {
    ...{ name, config, logger, metrics, telemetry, mongo, db, redis, checks, optionalChecks, resources },
    async [Symbol.asyncDispose]() {
      await resources.disposeAsync()
      endAfterClosing()
    },
  }
}

/** Connects to the Redis of one more purpose, and adds it to the health checks by that name. */
export function openRedisOf(
  { name, config, logger, optionalChecks, resources }: Service,
  purpose: string,
  url: string,
): Redis {
  const redis = openRedis(url, { name: `${name}-${purpose}`, logger })
  resources.defer(() => redis.destroy())
  optionalChecks[purpose] = () => pingRedis(redis, config.health.timeoutMs)
  return redis
}

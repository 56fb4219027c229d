import { randomUUID } from 'node:crypto'
import { EVENT_ALERTS } from '@redress/shared/events/event-collections.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { createLogger } from '@redress/shared/process/logger.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { connectMongo } from '@redress/shared/stores/mongo.ts'
import { connectRedis, duplicateRedis, type Redis } from '@redress/shared/stores/redis.ts'
import { createMetrics } from '@redress/shared/telemetry/metrics.ts'
import { NO_TELEMETRY } from '@redress/shared/telemetry/telemetry.ts'
import type { JobsOptions } from 'bullmq'
import { QUEUE_SWITCHES } from '../../../decision-service/src/jobs/acts/switch-document.ts'
import { DEAD_LETTERS } from '../../../decision-service/src/jobs/dead-letters/letter-documents.ts'
import { openChanges } from '../../../decision-service/src/jobs/feed/open-changes.ts'
import { openQueue } from '../../../decision-service/src/jobs/frame/open-queue.ts'
import type { Queues } from '../../../decision-service/src/jobs/frame/open-queues.ts'
import { QUEUE_NAMES, type QueueName } from '../../../decision-service/src/jobs/frame/queues.ts'
import { QUEUE_METRICS } from '../../../decision-service/src/jobs/monitoring/metric-document.ts'
import { QUEUE_ALERTS } from '../../../decision-service/src/jobs/monitoring/mongo-queue-alerts.ts'
import { openJobStores } from '../../../decision-service/src/jobs/open-job-stores.ts'
import { openWorkers } from '../../../decision-service/src/jobs/open-jobs.ts'
import { createAddJobs } from '../../../decision-service/src/jobs/orders/add-jobs.ts'
import { IDEMPOTENCY_KEYS } from '../../../decision-service/src/jobs/orders/claims.ts'
import { JOB_RECORDS } from '../../../decision-service/src/jobs/records/record-document.ts'
import type { Neighbours } from '../decide/neighbours.ts'
import { type Contestant, createCountdown } from './contestant.ts'
import { dataOf, TIERS, type Tier, TYPES } from './tiers.ts'

const COLLECTIONS = {
  jobRecords: JOB_RECORDS,
  idempotencyKeys: IDEMPOTENCY_KEYS,
  deadLetters: DEAD_LETTERS,
  eventAlerts: EVENT_ALERTS,
  queueMetrics: QUEUE_METRICS,
  queueAlerts: QUEUE_ALERTS,
  queueSwitches: QUEUE_SWITCHES,
}
const ASKING = { cause: { actor: 'bench', requestId: 'bench' }, caller: null }
const NO_LIMITS = { acquire: () => Promise.reject(new Error('No type calls a provider.')) }
const BATCH = 100
const SIDE_BY_SIDE = 4

export type Platform = Readonly<{
  redis: Redis
  of: (tier: Tier) => Contestant
  /** The options of a job that waits in the queue of a tier. */
  optionsIn: (tier: Tier) => Promise<JobsOptions>
  /** Adds so many jobs to the queue of a tier, in batches. */
  fill: (tier: Tier, jobs: number) => Promise<void>
  close: () => Promise<void>
}>

/** The queue platform as the decision service opens it, over one logical Redis and a database of its own. */
export async function openPlatform(neighbours: Neighbours, database: number): Promise<Platform> {
  const stores = await openStores(neighbours, database)
  const { redis, queues, collections, logger } = stores
  const { onChange } = openChanges(stores)
  const now = () => new Date()
  const shared = { registry: TYPES, queues, onChange, logger, now }
  const { addJob, addJobs } = createAddJobs({ ...openJobStores(stores, TYPES), ...shared })
  return {
    redis,
    of(type) {
      const queue = queues[TYPES[type].queue]
      return {
        add: (data) => addJob({ type, data }, ASKING),
        work: (jobs, concurrency) => workOn(queue.name, stores, { jobs, concurrency }),
        async clear() {
          await queue.use((bullmq) => bullmq.obliterate({ force: true }))
          await collections.jobRecords.deleteMany({ _id: { $gte: '' } })
        },
      }
    },
    optionsIn: (tier) =>
      queues[TYPES[tier].queue].use(async (bullmq) => (await bullmq.getJobs(['waiting', 'prioritized']))[0]!.opts),
    fill: (type, jobs) =>
      addInBatches(jobs, (numbers) =>
        addJobs(
          numbers.map((number) => ({ type, data: dataOf(number) })),
          ASKING,
        ),
      ),
    close: () => stores.resources.disposeAsync(),
  }
}

type Stores = Awaited<ReturnType<typeof openStores>>

async function openStores({ mongoUri, redisUrl }: Neighbours, database: number) {
  const logger = createLogger('bench', { level: 'silent' })
  const resources = new AsyncDisposableStack()
  const mongo = await connectMongo(mongoUri, 'bench')
  resources.defer(() => mongo.close())
  const db = mongo.db(`bench-${randomUUID()}`)
  const redis = await connectRedis(`${redisUrl}/${database}`, { name: 'bench', logger })
  resources.defer(() => redis.destroy())
  const collections = await openCollections(db, COLLECTIONS)
  const opened = QUEUE_NAMES.map((name) => [name, openQueue(name, { redis, registry: TYPES, logger })] as const)
  resources.defer(async () => void (await Promise.all(opened.map(([, queue]) => queue.close()))))
  const queues = Object.fromEntries(opened) as Queues
  const outbox = createOutbox(db, () => {})
  return { mongo, db, redis, collections, outbox, queues, telemetry: NO_TELEMETRY, logger, resources }
}

/** Runs a worker as a process of its own does, with metrics and counts, until it has run so many jobs. */
async function workOn(queue: QueueName, stores: Stores, { jobs, concurrency }: { jobs: number; concurrency: number }) {
  const { logger, queues } = stores
  const { ran, tookMs } = createCountdown(jobs, () => queues[queue].use((bullmq) => bullmq.getActiveCount()))
  await using resources = new AsyncDisposableStack()
  const redis = duplicateRedis(stores.redis, logger)
  await redis.connect()
  resources.defer(() => redis.destroy())
  openWorkers(
    {
      ...stores,
      queues: { ...queues, [queue]: { ...queues[queue], redis } },
      ...{ metrics: createMetrics({ token: null }), limits: NO_LIMITS as never, resources },
    },
    { handlers: {}, processors: Object.fromEntries(TIERS.map((tier) => [tier, ran])) } as never,
    { names: [queue], concurrency: { [queue]: concurrency } as never, registry: TYPES },
  )
  return await tookMs()
}

async function addInBatches(jobs: number, add: (numbers: readonly number[]) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < jobs) await add(Array.from({ length: Math.min(BATCH, jobs - next) }, () => next++))
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane))
}

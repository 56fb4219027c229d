import { createOutbox } from '@redress/shared/events/outbox.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { withRole } from '@redress/shared/testing/callers.ts'
import { connectTestRedis, openTestDatabase, openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { type } from 'arktype'
import { afterAll, onTestFinished } from 'vitest'
import { COLLECTIONS } from '../src/collections.ts'
import type { PauseWatch } from '../src/jobs/acts/pause-watch.ts'
import type { DeadJobs } from '../src/jobs/dead-letters/dead-jobs.ts'
import { defineJob, type Registry } from '../src/jobs/frame/job-definition.ts'
import { openQueue } from '../src/jobs/frame/open-queue.ts'
import type { Queues } from '../src/jobs/frame/open-queues.ts'
import { QUEUE_NAMES, type QueueName } from '../src/jobs/frame/queues.ts'
import { startWorker } from '../src/jobs/frame/start-worker.ts'
import type { ProviderGate } from '../src/jobs/limits/provider-gate.ts'
import { openJobStores } from '../src/jobs/open-job-stores.ts'
import { createAddJobs } from '../src/jobs/orders/add-jobs.ts'
import { openCancellations } from '../src/jobs/processors/cancellations.ts'
import type { JobChange } from '../src/jobs/processors/job-change.ts'
import type { Processor } from '../src/jobs/processors/processor.ts'
import { toHandlers } from '../src/jobs/processors/to-handlers.ts'

const Data = type({ '+': 'reject', key: '0 < string <= 100' })
type Data = typeof Data.infer
export type Count = Processor<Data>

const COUNT = { Data, addable: true, timeoutMs: 10_000 }
const AT_ONCE = { attempts: 3, strategy: 'exponential', delayMs: 1 } as const

/** Types of job whose effect a test can count: one of each tier. Only tests register them. */
export const COUNTING = {
  'count-critical': defineJob<Data>({ ...COUNT, queue: 'money', retry: AT_ONCE }),
  'count-keyed': defineJob<Data>({ ...COUNT, queue: 'money', retry: AT_ONCE, keyOf: ({ key }) => key }),
  'count-important': defineJob<Data>({ ...COUNT, queue: 'communication', retry: AT_ONCE }),
  'count-ephemeral': defineJob<Data>({ ...COUNT, queue: 'background', retry: AT_ONCE, keyOf: ({ key }) => key }),
  'count-in-background': defineJob<Data>({ ...COUNT, queue: 'background', tier: 'CRITICAL', retry: AT_ONCE }),
  'count-inside': defineJob<Data>({ ...COUNT, queue: 'money', addable: false }),
} satisfies Registry

export const ADA = { cause: { actor: 'ada', requestId: 'req-1' }, caller: withRole('operator') }

/** The job platform over a Redis and a database of its own, with the counting types. */
export async function openJobBed(redisNumber: number, registry: Registry = COUNTING) {
  const { mongo, db } = await openTestDatabase()
  const redis = await openTestRedis(redisNumber)
  const collections = await openCollections(db, COLLECTIONS)
  const queues = Object.fromEntries(
    QUEUE_NAMES.map((name) => [name, openQueue(name, { redis, registry, logger: silent })]),
  ) as Queues
  afterAll(() => Promise.all(Object.values(queues).map((queue) => queue.close())))
  const outbox = createOutbox(db, () => {})
  const stores = openJobStores({ mongo, db, collections, outbox, queues }, registry)
  const changes: JobChange[] = []
  const onChange = (change: JobChange) => void changes.push(change)
  const now = () => new Date()

  type Working = Readonly<{
    names?: readonly QueueName[]
    gate?: ProviderGate
    concurrency?: number
    deadJobs?: DeadJobs
    isPaused?: PauseWatch['isPaused']
  }>
  const work = async <D = Data>(
    count: Processor<D>,
    { names = QUEUE_NAMES, gate, concurrency, deadJobs = stores.deadJobs, isPaused }: Working = {},
  ) => {
    const own = await connectTestRedis(redisNumber)
    const cancellations = openCancellations([own], silent)
    const processors = Object.fromEntries(Object.keys(registry).map((name) => [name, count as Processor<never>]))
    const handlers = toHandlers(processors, { ...stores, deadJobs, registry, cancellations, onChange, now })
    const workers = names.map((name) =>
      startWorker(name, {
        ...{ handlers, registry, redis: own, deadJobs, logger: silent },
        ...(gate && { gate }),
        ...(isPaused && { isPaused: () => isPaused(name) }),
        ...(concurrency && { concurrency }),
      }),
    )
    const close = async () => {
      await Promise.all(workers.map((worker) => worker.close()))
      await cancellations.close()
      own.destroy()
    }
    onTestFinished(close)
    return { close }
  }
  return {
    ...{ mongo, db, redis, outbox, collections, queues, registry, changes, onChange, work },
    ...stores,
    ...createAddJobs({ ...stores, registry, queues, onChange, logger: silent, now }),
    statusOf: async (id: string) => (await stores.records.find(id))?.status,
    /** Makes delayed jobs due at once. */
    promote: () => Promise.all(QUEUE_NAMES.map((name) => queues[name].use((queue) => queue.promoteJobs()))),
  }
}

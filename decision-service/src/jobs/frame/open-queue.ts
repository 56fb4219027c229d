import { StoreUnavailableError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { TimeoutError, within } from '@redress/shared/resilience/deadline.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { type JobsOptions, Queue } from 'bullmq'
import type { JobCounts, QueueView } from '../monitoring/queue-views.ts'
import { connectionOf, openWhenReady } from './bullmq.ts'
import {
  JOBS,
  type JobData,
  type JobDefinition,
  type JobType,
  QUEUES,
  type QueueName,
  type Retry,
  type TypesIn,
} from './registry.ts'

/**
 * Deadline of a call: long, because what fails is looked up again, which a busy machine has no time for. A job that is
 * added later all the same does no harm, because its id is derived.
 */
const TIMEOUT_MS = 30_000
/** The urgency of what goes first. */
const URGENCY_MAX = 10

/** Longer than every wait between attempts: the clock of the worker that delayed the job was ahead. */
const DELAY_MAX_MS = 2 * MINUTE_MS
/** BullMQ orders delayed jobs by the moment they are due, in milliseconds, times this. */
const SCORE_OF_A_MS = 0x1000

export type NewJob<T extends JobType> = Readonly<{
  type: T
  data: JobData<T>
  /** 1 to 10, the most urgent: it goes before all that is less urgent. First come, first served where it is not given. */
  urgency?: number
}>

/** Every call rejects with StoreUnavailableError while Redis is away, at once, or does not answer in time. */
export type JobQueue<T extends JobType> = Readonly<{
  name: QueueName
  /** Adds jobs; one that is in the queue already stays as it is. */
  add(jobs: readonly NewJob<T>[]): Promise<void>
  /**
   * Adds open jobs that are missing in the queue, and requeues those that ended there or are delayed for too long.
   * @returns the number of jobs added or requeued.
   */
  revive(jobs: readonly NewJob<T>[]): Promise<number>
  view(): Promise<QueueView>
  close(): Promise<void>
}>

type Options<Q extends QueueName> = Readonly<{
  redis: Redis
  /** When the oldest job that waits was recorded; null where none waits. */
  findOldest: () => Promise<Date | null>
  /** Instead of what the registry says. */
  retries?: Readonly<Partial<Record<TypesIn<Q>, Retry>>>
  logger: Logger
}>

/** Opens a queue of the registry over BullMQ. */
export function openQueue<Q extends QueueName>(name: Q, options: Options<Q>): JobQueue<TypesIn<Q>> {
  const { redis, findOldest, retries = {}, logger } = options
  const closing = new AbortController()
  const connection = connectionOf(redis)
  const ready = openWhenReady(() => new Queue(name, { connection }), { signal: closing.signal, logger })
  // Each call below rejects as well.
  ready.catch(() => undefined)
  const call = createCall(redis, ready)
  const retryOf: Readonly<Partial<Record<JobType, Retry>>> = retries

  const add = async (queue: Queue, { type, data, urgency }: NewJob<JobType>) => {
    const { idOf, retry, keptEnded }: JobDefinition = JOBS[type]
    const options = toOptions(retryOf[type] ?? retry, keptEnded)
    await queue.add(type, data, { ...options, jobId: idOf(data), ...toPriority(urgency) })
  }
  const revive = async (queue: Queue, job: NewJob<JobType>): Promise<boolean> => {
    const { idOf }: JobDefinition = JOBS[job.type]
    const id = idOf(job.data)
    const state = await queue.getJobState(id)
    if (state === 'unknown') await add(queue, job)
    else if (state === 'failed' || state === 'completed') await (await queue.getJob(id))?.retry(state)
    else if (state !== 'delayed' || !(await isDelayedTooLong(redis, queue, id))) return false
    else await (await queue.getJob(id))?.promote()
    return true
  }
  return {
    name,
    // One by one (BullMQ pipelines them): a bulk is a transaction of cached scripts, and over node-redis one that is
    // sent after a restart of Redis fails for ever, because the cache of scripts is empty.
    add: async (jobs) => void (await call((queue) => Promise.all(jobs.map((job) => add(queue, job))))),
    revive: async (jobs) =>
      (await call((queue) => Promise.all(jobs.map((job) => revive(queue, job))))).filter(Boolean).length,
    view: () => call((queue) => viewQueue(queue, name, findOldest)),
    async close() {
      closing.abort()
      await ready.then((queue) => queue.close()).catch(() => undefined)
    },
  }
}

async function isDelayedTooLong(redis: Redis, queue: Queue, id: string): Promise<boolean> {
  const score = await redis.zScore(queue.toKey('delayed'), id)
  return score !== null && score / SCORE_OF_A_MS > Date.now() + DELAY_MAX_MS
}

/** Callers go on while Redis is away and a job is not queued: it is stored in MongoDB, and recovery queues it later. */
function createCall(redis: Redis, ready: Promise<Queue>) {
  const toError = () => new StoreUnavailableError({ cause: new TimeoutError(TIMEOUT_MS) })
  return async <T>(work: (queue: Queue) => Promise<T>): Promise<T> => {
    if (!redis.isReady) throw new StoreUnavailableError()
    return within(TIMEOUT_MS, ready.then(work), toError)
  }
}

function toOptions({ attempts, delayMs }: Retry, keptEnded: number): JobsOptions {
  const kept = { count: keptEnded }
  return {
    attempts,
    backoff: { type: 'exponential', delay: delayMs, jitter: 0.5 },
    removeOnComplete: kept,
    removeOnFail: kept,
  }
}

/** BullMQ counts the other way round: 1 is the most urgent. */
function toPriority(urgency: number | undefined): JobsOptions {
  return urgency === undefined ? {} : { priority: URGENCY_MAX + 1 - urgency }
}

async function viewQueue(queue: Queue, name: QueueName, findOldest: () => Promise<Date | null>): Promise<QueueView> {
  const oldest = await findOldest()
  return {
    name,
    tier: QUEUES[name].tier,
    paused: await queue.isPaused(),
    counts: await readCounts(queue),
    oldestWaitingSeconds: oldest && Math.max(0, (Date.now() - oldest.getTime()) / 1000),
  }
}

/** How many jobs a queue holds in each state. Jobs that wait by priority wait like others. */
async function readCounts(queue: Queue): Promise<JobCounts> {
  const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed')
  const count = (state: string) => counts[state] ?? 0
  return {
    waiting: count('waiting') + count('prioritized'),
    active: count('active'),
    delayed: count('delayed'),
    completed: count('completed'),
    failed: count('failed'),
  }
}

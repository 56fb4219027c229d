import { StoreUnavailableError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { TimeoutError, within } from '@redress/shared/resilience/deadline.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { type JobsOptions, Queue } from 'bullmq'
import { connectionOf, openWhenReady } from './bullmq.ts'
import type { JobDefinition, Registry } from './job-definition.ts'
import { KEPT_IN_REDIS, type QueueName, type Retry, toBullPriority } from './queues.ts'
import { JOBS } from './registry.ts'
import { createNoteReopened, SCORE_OF_A_MS } from './waiting-jobs.ts'

/**
 * Deadline of a call: long, because what fails is looked up again, which a busy machine has no time for. A job that is
 * added later all the same does no harm, because its id is derived.
 */
const TIMEOUT_MS = 30_000

/** A job that is delayed for so much longer than its type waits was delayed by a worker whose clock was ahead. */
const DELAY_SLACK_MS = 2 * MINUTE_MS
/** The waits between the attempts of a job that is opened again begin with the shortest one. */
const RESTARTED = { resetAttemptsMade: true } as const

export type NewJob = Readonly<{
  /** Of letters, digits, `-` and `_`. Adding it twice adds it once. */
  id: string
  /** One of the registry, and of this queue. */
  type: string
  /** The JSON that its handler receives. */
  data: object
  /** 1 to 10, the most urgent: it goes before all that is less urgent. Default: that of its type. */
  priority?: number
  /** It runs no earlier than this. */
  dueAt?: Date | null
  /** Default: that of its type. */
  attempts?: number
}>

/** Every call rejects with StoreUnavailableError while Redis is away, at once, or does not answer in time. */
export type JobQueue = Readonly<{
  name: QueueName
  redis: Redis
  /** Adds jobs; one that is in the queue already stays as it is. */
  add(jobs: readonly NewJob[]): Promise<void>
  /**
   * Adds open jobs that are missing in the queue, and requeues those that ended there or are delayed for too long.
   * @returns the number of jobs added or requeued.
   */
  revive(jobs: readonly NewJob[]): Promise<number>
  /** Calls `listener` with all jobs that were added at once, from now on. It must not throw. */
  onAdded(listener: (jobs: readonly NewJob[]) => void): void
  /** Works on the queue of BullMQ itself, once it is open. */
  use<T>(work: (queue: Queue) => Promise<T>): Promise<T>
  close(): Promise<void>
}>

type Options = Readonly<{ redis: Redis; registry?: Registry; logger: Logger }>

/** Opens a queue over BullMQ, for the types of job in `registry`. */
export function openQueue(name: QueueName, { redis, registry = JOBS, logger }: Options): JobQueue {
  const closing = new AbortController()
  const connection = connectionOf(redis)
  const ready = openWhenReady(() => new Queue(name, { connection }), { signal: closing.signal, logger })
  // Each call below rejects as well.
  ready.catch(() => undefined)
  const use = createUse(redis, ready)
  const reopen = createReopen(redis)
  const listeners: ((jobs: readonly NewJob[]) => void)[] = []

  const add = (queue: Queue, job: NewJob) => addOne(queue, job, registry[job.type])
  const revive = async (queue: Queue, job: NewJob): Promise<boolean> => {
    const { id, type } = job
    const state = await queue.getJobState(id)
    if (state === 'unknown') await add(queue, job)
    else if (state === 'failed' || state === 'completed') await reopen(queue, id, state)
    else if (state !== 'delayed' || !(await isDelayedTooLong(redis, queue, job, registry[type]))) return false
    else await (await queue.getJob(id))?.promote()
    return true
  }
  return {
    name,
    redis,
    // One by one (BullMQ pipelines them): a bulk is a transaction of cached scripts, and over node-redis one that is
    // sent after a restart of Redis fails for ever, because the cache of scripts is empty.
    async add(jobs) {
      await use((queue) => (jobs.length === 1 ? add(queue, jobs[0]!) : Promise.all(jobs.map((job) => add(queue, job)))))
      for (const listener of listeners) listener(jobs)
    },
    revive: async (jobs) =>
      (await use((queue) => Promise.all(jobs.map((job) => revive(queue, job))))).filter(Boolean).length,
    onAdded: (listener) => void listeners.push(listener),
    use,
    async close() {
      closing.abort()
      await ready.then((queue) => queue.close()).catch(() => undefined)
    },
  }
}

function addOne(queue: Queue, job: NewJob, definition: JobDefinition | undefined): Promise<unknown> {
  if (definition === undefined) return Promise.reject(new Error(`There is no type of job ${job.type}.`))
  return queue.add(job.type, job.data, toOptions(definition, job))
}

function createReopen(redis: Redis) {
  const note = createNoteReopened(redis)
  return async (queue: Queue, id: string, state: 'failed' | 'completed'): Promise<void> => {
    await note(queue, id)
    await (await queue.getJob(id))?.retry(state, RESTARTED)
  }
}

async function isDelayedTooLong(
  redis: Redis,
  queue: Queue,
  { id, dueAt }: NewJob,
  definition: JobDefinition | undefined,
): Promise<boolean> {
  const score = await redis.zScore(queue.toKey('delayed'), id)
  const wait = definition === undefined ? 0 : longestWaitMs(definition.retry)
  const latest = Math.max(Date.now(), dueAt?.getTime() ?? 0) + wait + DELAY_SLACK_MS
  return score !== null && score / SCORE_OF_A_MS > latest
}

/** The wait before the last attempt. */
function longestWaitMs({ attempts, strategy, delayMs }: Retry): number {
  return strategy === 'fixed' ? delayMs : delayMs * 2 ** Math.max(0, attempts - 2)
}

/** Callers go on while Redis is away and a job is not queued: it is stored in MongoDB, and recovery queues it later. */
function createUse(redis: Redis, ready: Promise<Queue>): JobQueue['use'] {
  const toError = () => new StoreUnavailableError({ cause: new TimeoutError(TIMEOUT_MS) })
  return async (work) => {
    if (!redis.isReady) throw new StoreUnavailableError()
    return within(TIMEOUT_MS, ready.then(work), toError)
  }
}

function toOptions(definition: JobDefinition, { id, dueAt, ...asked }: NewJob): JobsOptions {
  const { tier, retry, retentionDays } = definition
  const { priority = definition.priority, attempts = retry.attempts } = asked
  const { completed, failed } = KEPT_IN_REDIS[tier](retentionDays)
  const { strategy: type, delayMs: delay } = retry
  const options = {
    jobId: id,
    attempts,
    backoff: type === 'exponential' ? { type, delay, jitter: 0.5 } : { type, delay },
    priority: toBullPriority(priority),
    removeOnComplete: completed,
    removeOnFail: failed,
  }
  return dueAt ? { ...options, delay: Math.max(0, dueAt.getTime() - Date.now()) } : options
}

import { setTimeout as pause } from 'node:timers/promises'
import { endToStartAgain } from '@redress/shared/process/lifecycle.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { NO_TELEMETRY, type Telemetry } from '@redress/shared/telemetry/telemetry.ts'
import { Worker } from 'bullmq'
import type { DeadJobs } from '../dead-letters/dead-jobs.ts'
import type { ProviderGate } from '../limits/provider-gate.ts'
import { type Row, work } from './attempt-job.ts'
import { connectionOf, openWhenReady } from './bullmq.ts'
import { createCrashGuard } from './crash-guard.ts'
import { NO_DEAD_LETTERS } from './end-job.ts'
import type { JobDefinition, Registry } from './job-definition.ts'
import type { JobHandler } from './job-handler.ts'
import { QUEUES, type QueueName } from './queues.ts'
import { JOBS } from './registry.ts'
import { createSlots } from './slots.ts'
import type { JobMetricsOf } from './worker-metrics.ts'

/** BullMQ is not to fail jobs that are taken over: `createCrashGuard` finds the one that ends its workers. */
const STALLED_MAX = 1_000
const CLOSE_WITHOUT_REDIS_MS = 1_000

/** Handlers by type of job. The data that one receives fits the schema of its type. */
export type Handlers = Readonly<Record<string, JobHandler<unknown>>>

export type WorkerOptions = Readonly<{
  /** Those of the types in other queues are left aside. */
  handlers: Handlers
  registry?: Registry
  redis: Redis
  /** Instead of what the table of queues says. */
  concurrency?: number
  /** Needed where a type calls a provider. */
  gate?: ProviderGate
  /** Whether the queue is paused, although it gives jobs. Default: it never is. */
  isPaused?: () => false | Promise<boolean>
  metricsOf?: JobMetricsOf
  /** Default: none are kept. */
  deadJobs?: Pick<DeadJobs, 'put' | 'close'>
  telemetry?: Telemetry
  logger: Logger
  /** Called when the worker can take no more jobs. Default: ends the process. */
  onBroken?: (error: unknown) => void
}>

export type JobWorker = Readonly<{ close: () => Promise<void> }>

/**
 * Takes jobs from a queue and has them handled: checks their data, measures and traces each attempt, and translates its
 * outcome to the queue. Closing aborts what runs, and waits for it.
 */
export function startWorker(queue: QueueName, options: WorkerOptions): JobWorker {
  const { redis, concurrency = QUEUES[queue].concurrency, telemetry = NO_TELEMETRY, logger } = options
  const { onBroken = (err) => endToStartAgain(logger, err, `the worker of the queue ${queue} is broken`) } = options
  const { isPaused = () => false, deadJobs = NO_DEAD_LETTERS } = options
  const { lockMs, checkEveryMs } = QUEUES[queue].lease
  const closing = new AbortController()
  const guard = createCrashGuard({ redis, queue })
  const context = { queue, stopping: closing.signal, guard, isPaused, deadJobs, telemetry, logger }
  const rows = toRows(queue, options)

  const connection = connectionOf(redis)
  const open = () => {
    const worker = new Worker(queue, (job, token) => work(job, token, rows.get(job.name), context), {
      connection,
      autorun: false,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: checkEveryMs,
      maxStalledCount: STALLED_MAX,
    })
    worker.on('failed', (job, err) =>
      logger.warn({ queue, jobId: job?.id, attempt: job?.attemptsMade, err }, 'attempt failed'),
    )
    worker.on('stalled', (jobId) => logger.warn({ queue, jobId }, 'job taken over from a worker that is gone'))
    return worker
  }
  const ready = openWhenReady(open, { signal: closing.signal, logger })
  runUntilClosed(ready).catch((err: unknown) => {
    if (!closing.signal.aborted) onBroken(err)
  })
  return {
    async close() {
      closing.abort()
      // Not awaited before the worker closes: until then it takes jobs.
      const released = guard.close()
      const worker = await ready.catch(() => undefined)
      await unlessAway(redis, Promise.all([worker?.close(!redis.isReady), released]))
    },
  }
}

/** Waits for `closing`, but not for a Redis that is away: there is nothing to hand back, and no reply may come. */
async function unlessAway(redis: Redis, closing: Promise<unknown>): Promise<void> {
  const closed = new AbortController()
  const untilAway = async () => {
    do await pause(CLOSE_WITHOUT_REDIS_MS, undefined, { signal: closed.signal })
    while (redis.isReady)
  }
  await Promise.race([closing, untilAway()]).finally(() => closed.abort())
}

/** Never resolves: a worker that stops takes no more jobs, for whatever reason. */
async function runUntilClosed(ready: Promise<Worker>): Promise<never> {
  await (await ready).run()
  throw new Error('The worker has stopped.')
}

/** The rows of the types in the queue, by every name that a job of the type may have. */
function toRows(
  queue: QueueName,
  { handlers, registry = JOBS, gate, metricsOf }: WorkerOptions,
): ReadonlyMap<string, Row> {
  const inQueue = Object.entries(registry).filter(([type, one]) => one.queue === queue && handlers[type] !== undefined)
  const rows = inQueue.flatMap(([type, definition]) => {
    const slots = createSlots(definition.concurrency)
    const metrics = metricsOf?.({ queue, type })
    const row: Row = { type, definition, handler: handlers[type]!, slots, gate: toGate(definition, gate), metrics }
    return [type, ...definition.formerNames].map((name) => [name, row] as const)
  })
  return new Map(rows)
}

/** A type whose provider has no limits here must not run: they also stop its calls. */
function toGate({ provider }: JobDefinition, gate: ProviderGate | undefined): Row['gate'] {
  if (provider === null) return null
  if (gate === undefined) throw new Error(`Jobs that call ${provider} need the limits of providers.`)
  return (attempt) => gate(provider, attempt)
}

import { endToStartAgain } from '@redress/shared/process/lifecycle.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { backoffMs } from '@redress/shared/resilience/backoff.ts'
import { succeedsWithin } from '@redress/shared/resilience/deadline.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { NO_TELEMETRY, type Telemetry } from '@redress/shared/telemetry/telemetry.ts'
import { type } from 'arktype'
import { DelayedError, type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq'
import { connectionOf, openWhenReady } from './bullmq.ts'
import { type CrashGuard, createCrashGuard } from './crash-guard.ts'
import { endAlone, failOrHold, isAlone } from './fail-or-hold.ts'
import type { JobFailure } from './job-failure.ts'
import type { JobHandler, Outcome } from './job-handler.ts'
import {
  JOBS,
  type JobData,
  type JobDefinition,
  type JobType,
  QUEUES,
  type QueueName,
  type TypesIn,
} from './registry.ts'
import { runLimited } from './run-limited.ts'
import type { JobMetrics, JobMetricsOf } from './worker-metrics.ts'

/** BullMQ is not to fail jobs that are taken over: `createCrashGuard` finds the one that ends its workers. */
const STALLED_MAX = 1_000
const SUSPECT_WAIT = { firstMs: 1_000, maxMs: 1_000 }
const CLOSE_WITHOUT_REDIS_MS = 2_000

export type Handlers<Q extends QueueName> = Readonly<{ [T in TypesIn<Q>]: JobHandler<JobData<T>> }>

export type Timeouts = Readonly<Partial<Record<JobType, number>>>

export type WorkerOptions<Q extends QueueName> = Readonly<{
  handlers: Handlers<Q>
  redis: Redis
  /** Instead of what the registry says. */
  concurrency?: number
  /** The same for the time of an attempt, by type. Milliseconds. */
  timeouts?: Timeouts
  metricsOf?: JobMetricsOf
  telemetry?: Telemetry
  logger: Logger
  /** Called when the worker can take no more jobs. Default: ends the process. */
  onBroken?: (error: unknown) => void
}>

export type JobWorker = Readonly<{ close: () => Promise<void> }>

type Row = Readonly<{
  type: JobType
  handler: JobHandler<unknown>
  timeoutMs: number | null
  metrics: JobMetrics | undefined
}>
type Context = Readonly<{
  queue: QueueName
  stopping: AbortSignal
  guard: CrashGuard
  telemetry: Telemetry
  logger: Logger
}>

/**
 * Takes jobs from a queue and has them handled: checks their data, measures and traces each attempt, and translates its
 * outcome to the queue. Closing aborts what runs, and waits for it.
 */
export function startWorker<Q extends QueueName>(queue: Q, options: WorkerOptions<Q>): JobWorker {
  const { redis, concurrency = QUEUES[queue].concurrency, telemetry = NO_TELEMETRY, logger } = options
  const { onBroken = (err) => endToStartAgain(logger, err, `the worker of the queue ${queue} is broken`) } = options
  const { lockMs, checkEveryMs } = QUEUES[queue].lease
  const closing = new AbortController()
  const guard = createCrashGuard({ redis, queue })
  const context = { queue, stopping: closing.signal, guard, telemetry, logger }
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
      await closeWorker(worker, redis)
      await released
    },
  }
}

/** Where Redis is away there is nothing to hand back, and closing would wait for it. */
async function closeWorker(worker: Worker | undefined, redis: Redis): Promise<void> {
  if (redis.isReady) await worker?.close()
  else await succeedsWithin(CLOSE_WITHOUT_REDIS_MS, Promise.resolve(worker?.close(true)))
}

/** Never resolves: a worker that stops takes no more jobs, for whatever reason. */
async function runUntilClosed(ready: Promise<Worker>): Promise<never> {
  await (await ready).run()
  throw new Error('The worker has stopped.')
}

function toRows<Q extends QueueName>(
  queue: Q,
  { handlers, timeouts = {}, metricsOf }: WorkerOptions<Q>,
): ReadonlyMap<string, Row> {
  const toRow = (type: TypesIn<Q>): Row => ({
    type,
    handler: handlers[type],
    timeoutMs: timeouts[type] ?? JOBS[type].timeoutMs,
    metrics: metricsOf?.({ queue, type }),
  })
  return new Map((Object.keys(handlers) as TypesIn<Q>[]).map((type) => [type, toRow(type)]))
}

async function work(job: Job, token: string | undefined, row: Row | undefined, context: Context): Promise<void> {
  if (row === undefined) throw new UnrecoverableError(`There is no handler for jobs of the type ${job.name}.`)
  const beganAt = performance.now()
  const outcome = await attempt(job, row, context).finally(() => row.metrics?.attempted(performance.now() - beganAt))
  if (outcome === 'done') return
  if (outcome === 'again') {
    await job.moveToWait(token)
    throw new WaitingError()
  }
  const { afterMs, reason } = outcome
  context.logger.debug({ queue: context.queue, jobId: job.id, reason, retryAfterMs: afterMs }, 'job held')
  await job.moveToDelayed(Date.now() + afterMs, token)
  throw new DelayedError()
}

async function attempt(job: Job, row: Row, context: Context): Promise<Outcome> {
  const { type: name, handler, timeoutMs, metrics } = row
  const { Data, idOf }: JobDefinition = JOBS[name]
  const data = Data(job.data)
  if (data instanceof type.errors) {
    metrics?.ended('failure')
    throw new UnrecoverableError(`The data of this job does not fit the type ${name}: ${data.summary}`)
  }
  const { queue, stopping, telemetry, guard, logger } = context
  const attributes = { queue, jobId: idOf(data), attempt: job.attemptsMade + 1 }
  const parent = traceOf(job.data)

  return telemetry.withSpan({ name, kind: 'consumer', attributes, parent }, async ({ traceparent: trace }) => {
    const alone = isAlone(job)
    const run = (signal: AbortSignal) => handler.run(data, { trace, signal, alone })
    const limited = () => (timeoutMs === null ? run(stopping) : runLimited(run, timeoutMs, stopping))
    const giveUp = async (failure: JobFailure) => {
      await handler.giveUp(data, failure, { trace, signal: stopping, alone })
      metrics?.ended('failure')
    }
    try {
      const outcome = await guard.run(job, limited)
      if (outcome === 'done') metrics?.ended('success')
      else await endAlone(job)
      return outcome ?? { kind: 'later', afterMs: backoffMs(1, SUSPECT_WAIT), reason: 'it may have ended a worker' }
    } catch (error) {
      return await failOrHold(job, error, { giveUp, noteHeld: () => handler.noteHeld(data), logger })
    }
  })
}

/** The traceparent of what asked for the job. */
const traceOf = ({ trace }: Readonly<{ trace?: string }>) => trace

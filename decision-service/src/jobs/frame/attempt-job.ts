import { backoffMs } from '@redress/shared/resilience/backoff.ts'
import { type } from 'arktype'
import { DelayedError, type Job, WaitingError } from 'bullmq'
import { JobTypeNotFoundError } from '../errors.ts'
import { closeLetter, endUnknown, refuse, toEnd } from './end-job.ts'
import { endAlone, failOrHold, hasAttemptsLeft, holdBack, isAlone } from './fail-or-hold.ts'
import type { JobDefinition } from './job-definition.ts'
import { type JobFailure, JobUnreadableError } from './job-failure.ts'
import { type Attempt, isDone, type JobEnd, type JobHandler, type Outcome } from './job-handler.ts'
import { JOB_TYPES } from './registry.ts'
import { createStop, runLimited } from './run-limited.ts'
import type { Slots } from './slots.ts'
import type { WorkerContext } from './worker-context.ts'
import type { JobMetrics } from './worker-metrics.ts'

const SUSPECT_WAIT = { firstMs: 1_000, maxMs: 1_000 }
const SUSPECT = 'it may have ended a worker'
const MAY_BE_PAUSED = 'its queue may be paused'

/** The handler and the limits of one type of job. */
export type Row = Readonly<{
  type: string
  definition: JobDefinition
  handler: JobHandler<unknown>
  slots: Slots
  /** Null where the type calls no provider. */
  gate: ((attempt: () => Promise<Outcome>) => Promise<Outcome>) | null
  metrics: JobMetrics | undefined
}>
/** Runs one attempt at a job, and translates its outcome to the queue. @returns the result that the queue keeps. */
export async function work(
  job: Job,
  token: string | undefined,
  row: Row | undefined,
  context: WorkerContext,
): Promise<object | null> {
  const beganAt = performance.now()
  const tookMs = () => performance.now() - beganAt
  let outcome: Outcome
  try {
    outcome = await attempt(job, row, context)
  } finally {
    row?.metrics?.attempted(tookMs())
  }
  if (isDone(outcome)) row?.metrics?.completed(tookMs())
  if (outcome === 'done' || outcome === 'over') return null
  if (outcome === 'again') {
    await job.moveToWait(token)
    throw new WaitingError()
  }
  if (outcome.kind === 'done') return outcome.result
  const { afterMs, reason } = outcome
  context.logger.debug({ queue: context.queue, jobId: job.id, reason, retryAfterMs: afterMs }, 'job held')
  await job.moveToDelayed(Date.now() + afterMs, token)
  throw new DelayedError()
}

async function attempt(job: Job, row: Row | undefined, context: WorkerContext): Promise<Outcome> {
  const { logger } = context
  if (row === undefined) {
    const error = new JobTypeNotFoundError(job.name, JOB_TYPES)
    return refuse(job, error, { giveUp: (end) => endUnknown(job, end, context), logger })
  }
  const { type: name, definition, handler, slots, metrics } = row
  const { Message = definition.Data } = handler
  const data = Message(job.data)
  if (data instanceof type.errors) {
    metrics?.failed('JOB_UNREADABLE')
    const giveUp = (end: JobEnd) => handler.giveUp(null, end, toAttempt(job, context))
    return refuse(job, new JobUnreadableError(name, data.summary), { giveUp, logger })
  }
  const isPaused = context.isPaused()
  const paused = isPaused === false ? null : await isPaused.then(toPaused, () => holdBack(job, MAY_BE_PAUSED))
  if (paused !== null) return paused
  if (!slots.take()) return holdBack(job, `enough jobs of the type ${name} run here`)
  const { queue, telemetry } = context
  const attributes = { queue, jobId: job.id!, attempt: job.attemptsMade + 1 }
  const span = { name, kind: 'consumer', attributes, parent: traceOf(job.data) } as const
  try {
    return await telemetry.withSpan(span, ({ traceparent: trace }) => handle({ job, data, trace }, row, context))
  } finally {
    slots.give()
  }
}

/** Back into a queue that is paused again by now: it gives the job no second time. */
const toPaused = (isPaused: boolean): Outcome | null => (isPaused ? 'again' : null)

type Handled = Readonly<{ job: Job; data: unknown; trace: string | null }>

async function handle({ job, data, trace }: Handled, row: Row, context: WorkerContext): Promise<Outcome> {
  const { definition, handler, gate, metrics } = row
  const { timeoutMs } = definition
  const { guard, logger } = context
  const attempt = toAttempt(job, context, trace)
  const limited = () => runLimited(() => handler.run(data, attempt), timeoutMs, attempt.stop)
  try {
    const outcome = await guard.run(job, gate === null ? limited : () => gate(limited))
    if (outcome === null) return { kind: 'later', afterMs: backoffMs(1, SUSPECT_WAIT), reason: SUSPECT }
    if (isDone(outcome)) await closeLetter(job, outcome, context)
    else await endAlone(job)
    return outcome
  } catch (error) {
    const noteHeld = () => handler.noteHeld(data, attempt)
    const noteFailed = handler.noteFailed && ((failure: JobFailure) => handler.noteFailed!(data, failure, attempt))
    const giveUp = async (failure: JobFailure) => {
      await handler.giveUp(data, toEnd(job, failure, error), attempt)
      metrics?.failed(failure.code)
    }
    return await failOrHold(job, error, { giveUp, noteHeld, noteFailed, logger })
  }
}

function toAttempt(job: Job, { stopping }: WorkerContext, trace: string | null = null): Attempt {
  const showProgress = (percent: number) => job.updateProgress(percent)
  const number = job.attemptsMade + 1
  const facts = { key: job, jobId: job.id!, number, isLast: !hasAttemptsLeft(job), alone: isAlone(job) }
  const stop = createStop(stopping)
  return { ...facts, queuedAt: new Date(job.timestamp), trace, stop, showProgress }
}

/** The traceparent of what asked for the job. */
const traceOf = ({ trace }: Readonly<{ trace?: string }>) => trace

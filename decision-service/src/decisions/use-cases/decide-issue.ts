import { momentAfter, tracedBy } from '@redress/shared/events/envelope.ts'
import { type CallOptions, coalesce } from '@redress/shared/resilience/coalesce.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Evaluated } from '../../domain/decision.ts'
import { HoldDecisionError, requireRunning } from '../../engines/errors.ts'
import type { DeadJob } from '../../jobs/dead-letters/dead-letter.ts'
import { JobNotFoundError } from '../../jobs/errors.ts'
import { textOf } from '../../jobs/frame/job-failure.ts'
import type { JobEnd } from '../../jobs/frame/job-handler.ts'
import { failedEvent, startedEvent, toStoredDecision } from '../domain/decision-events.ts'
import { HOLD_LIMITS, type HoldLimits, holdOrSettle } from '../domain/hold.ts'
import { type DecisionJob, decisionIdFor, isDue } from '../domain/job.ts'
import { type Standards, toDecision } from '../domain/to-decision.ts'
import { createDecideAtOnce, type DecideJob, type Task } from './decide-at-once.ts'
import type { DecisionsStore } from './ports.ts'
import { type AlertsOf, type Ending, storeDecisions } from './store-decisions.ts'

export type DecideIssue = Readonly<{
  /**
   * Decides the case of a job. A job that was decided before keeps its first decision.
   * @throws JobNotFoundError; HoldDecisionError when it is to be decided later, which the job stays open for;
   * AttemptOverError once the attempt is over, which stores nothing more.
   */
  decide: (jobId: string, attempt?: Partial<Attempt>) => Promise<void>
  /** The same for a job of a batch, which `decide` leaves alone: what is decided is known already. */
  decideWith: (jobId: string, evaluated: Evaluated) => Promise<void>
  /** Ends a job that no attempt could decide, with its dead letter. */
  giveUp: (jobId: string, end: Undecided, trace?: string | null) => Promise<void>
  /** Notes on record that a job is held because of its store; rejects while that takes no writes. */
  noteHeld: (jobId: string) => Promise<void>
}>

/** Why no attempt could decide a job. */
export type Undecided = Pick<JobEnd, 'failure'> & Partial<Pick<JobEnd, 'stack' | 'attempts'>>

type Attempt = Readonly<{
  /** The traceparent that the events belong to; that of the job's request, where it is not given. */
  trace: string | null
  /** Whether to share no transaction with other jobs. */
  alone: boolean
  /** Aborted when the attempt is over: models are asked no more, and no decision is stored after it. */
  signal: AbortSignal
}>

type Dependencies = Standards &
  Readonly<{
    store: DecisionsStore
    evaluate: (decisionCase: DecisionJob['case'], signal?: AbortSignal) => Promise<Evaluated> | Evaluated
    /** Whether evaluating takes so long that `decision.started` is stored and published before it. */
    announcesStart: boolean
    /** Default: none. */
    alertsOf?: AlertsOf
    hold?: HoldLimits
    now: Clock
    /** Milliseconds, for durations. */
    monotonicMs: () => number
    onCommit: () => void
  }>

/**
 * Decides jobs. Those that run side by side in one process share their transactions: the cost of storing is divided, and
 * no job waits for more than the transaction before it.
 */
export function createDecideIssue(dependencies: Dependencies): DecideIssue {
  const { store, evaluate, announcesStart, alertsOf = () => [], hold = HOLD_LIMITS, now, onCommit } = dependencies
  const decideJob = createDecideJob(dependencies)
  const atOnce = createDecideAtOnce({ store, decideJob, alertsOf, now, onCommit })
  const afterStart = createDecideAfterStart({ store, decideJob, alertsOf, now, onCommit })
  const decide = announcesStart ? afterStart : atOnce

  const evaluateOrHold = async (job: DecisionJob, signal?: AbortSignal): Promise<Evaluated> => {
    try {
      return await evaluate(job.case, signal)
    } catch (error) {
      if (!(error instanceof HoldDecisionError)) throw error
      const ageMs = now().getTime() - job.createdAt.getTime()
      return { verdict: holdOrSettle(error, { ageMs, limits: hold }), shadow: null }
    }
  }

  return {
    decide: (jobId, { trace, alone, signal } = {}) =>
      decide({ jobId, trace, inBatch: false, evaluate: (job) => evaluateOrHold(job, signal) }, { alone, signal }),
    decideWith: (jobId, evaluated) => atOnce({ jobId, trace: null, inBatch: true, evaluate: () => evaluated }),
    async giveUp(jobId, { failure, ...end }, trace) {
      const reason = textOf(failure)
      await store.transact(async (transaction) => {
        const job = (await transaction.findJobs([jobId])).get(jobId)
        if (!job || job.status === 'COMPLETED' || job.status === 'FAILED') return
        const at = momentAfter(job.updatedAt, now())
        await transaction.setStatus([jobId], 'FAILED', at, { failure: reason })
        await transaction.addEvents([failedEvent({ ...job, ...tracedBy(trace) }, reason, at)])
        await transaction.addDeadJob(toDeadJob(job, { failure, ...end }), at)
      })
      onCommit()
    },
    noteHeld: (jobId) => store.noteHeld(jobId, now()),
  }
}

/** The case is left out: it is shown by its issue, field by field as the caller may see it. */
function toDeadJob(
  { id, case: { issueId } }: DecisionJob,
  { failure, stack = null, attempts = 1 }: Undecided,
): DeadJob {
  const job = { id, type: 'decide-issue', queue: 'decisions', payload: { issueId } } as const
  return { ...job, failure, stack, attempts, retry: null }
}

function createDecideJob({ thresholdsOf, oversight, monotonicMs }: Dependencies): DecideJob {
  return async (job, evaluate) => {
    const startedMs = monotonicMs()
    const evaluated = await evaluate(job)
    const durationMs = monotonicMs() - startedMs
    return toDecision(evaluated, { decisionId: decisionIdFor(job.id), thresholdsOf, oversight, durationMs })
  }
}

type Parts = Readonly<{
  store: DecisionsStore
  decideJob: DecideJob
  alertsOf: AlertsOf
  now: Clock
  onCommit: () => void
}>

/** Decides jobs where that takes long: the start is stored and published before a job is evaluated. */
function createDecideAfterStart({ store, decideJob, alertsOf, now, onCommit }: Parts) {
  const begin = coalesce<Task, DecisionJob | null>(async (tasks) => {
    const begun = await beginAll(store, tasks, now())
    onCommit()
    return begun
  })
  const end = coalesce<Ending, void>(async (endings) => {
    await endAll(store, endings, { alertsOf, at: now() })
    onCommit()
    return endings.map(() => undefined)
  })
  return async (
    task: Task,
    { signal, ...options }: CallOptions & Readonly<{ signal?: AbortSignal | undefined }> = {},
  ) => {
    const job = await begin(task, options)
    if (job === null) return
    const made = await decideJob(job, task.evaluate)
    // Another attempt may be at work by now: its model was asked as well, and its decision is to be the one on record.
    requireRunning(signal)
    const decision = toStoredDecision(made, job, momentAfter(job.updatedAt, now()))
    await end({ job, decision, startedAt: null }, options)
  }
}

/** Marks the jobs as being worked on, with one event for each; null for a job that is not due. */
function beginAll(store: DecisionsStore, tasks: readonly Task[], at: Date) {
  return store.transact(async (transaction) => {
    const stored = await transaction.findJobs(tasks.map(({ jobId }) => jobId))
    const begun = new Map<string, DecisionJob>()
    const jobs = tasks.map((task) => {
      const job = stored.get(task.jobId)
      if (job === undefined) return new JobNotFoundError(task.jobId)
      if (!isDue(job, task)) return null
      const traced = { ...job, ...tracedBy(task.trace) }
      if (job.status === 'PROCESSING') return traced
      begun.set(job.id, { ...traced, status: 'PROCESSING', updatedAt: at })
      return begun.get(job.id)!
    })
    if (begun.size > 0) {
      await transaction.setStatus([...begun.keys()], 'PROCESSING', at, { startedAt: at })
      await transaction.addEvents([...begun.values()].map((job) => startedEvent(job, at)))
    }
    return jobs
  })
}

/** Stores the decisions; a job that was decided concurrently keeps its decision. */
function endAll(
  store: DecisionsStore,
  endings: readonly Ending[],
  options: Readonly<{ alertsOf: AlertsOf; at: Date }>,
): Promise<void> {
  return store.transact(async (transaction) => {
    const jobs = await transaction.findJobs(endings.map(({ job }) => job.id))
    const open = endings.filter(({ job }) => jobs.get(job.id)?.status === 'PROCESSING')
    await storeDecisions(transaction, [...new Map(open.map((ending) => [ending.job.id, ending])).values()], options)
  })
}

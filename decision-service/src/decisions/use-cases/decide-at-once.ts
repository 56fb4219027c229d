import { momentAfter, tracedBy } from '@redress/shared/events/envelope.ts'
import { coalesce } from '@redress/shared/resilience/coalesce.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Decision, Evaluated } from '../../domain/decision.ts'
import { JobNotFoundError } from '../../jobs/errors.ts'
import { toStoredDecision } from '../domain/decision-events.ts'
import { type DecisionJob, isDue } from '../domain/job.ts'
import type { DecisionsStore } from './ports.ts'
import { type AlertsOf, storeDecisions } from './store-decisions.ts'

/** One job to be decided. */
export type Task = Readonly<{
  jobId: string
  /** The traceparent that events of the job belong to; that of its request, where it is not given. */
  trace: string | null | undefined
  /** Whether a batch decides it, and not a worker. */
  inBatch: boolean
  evaluate: (job: DecisionJob) => Promise<Evaluated> | Evaluated
}>

/** Evaluates the case of a job, and routes the verdict. */
export type DecideJob = (job: DecisionJob, evaluate: Task['evaluate']) => Promise<Decision>

type Dependencies = Readonly<{
  store: DecisionsStore
  decideJob: DecideJob
  alertsOf: AlertsOf
  now: Clock
  onCommit: () => void
}>

/**
 * Decides jobs where that takes microseconds: beginning and end of all jobs that run side by side are one transaction,
 * and `decision.made` says when the job was begun. A job that cannot be decided fails alone.
 */
export function createDecideAtOnce({ store, decideJob, alertsOf, now, onCommit }: Dependencies) {
  return coalesce<Task, undefined>(async (tasks) => {
    const outcomes = await store.transact(async (transaction) => {
      const startedAt = now()
      const jobs = await transaction.findJobs(tasks.map(({ jobId }) => jobId))
      const made = new Map<string, Readonly<{ job: DecisionJob; decision: Decision }>>()
      const decide = async (task: Task): Promise<Error | undefined> => {
        const job = jobs.get(task.jobId)
        if (job === undefined) return new JobNotFoundError(task.jobId)
        if (!isDue(job, task)) return undefined
        const traced = { ...job, ...tracedBy(task.trace) }
        made.set(job.id, { job: traced, decision: await decideJob(traced, task.evaluate) })
        return undefined
      }
      const decided: (Error | undefined)[] = []
      // One after the other: side by side, the duration of each would contain those of the others.
      for (const task of tasks) decided.push(await decide(task).catch(toError))
      // One moment for all: what is stored by moment is stored together.
      const at = now()
      const endings = [...made.values()].map(({ job, decision }) => ({
        job,
        decision: toStoredDecision(decision, job, momentAfter(job.updatedAt, at)),
        startedAt,
      }))
      await storeDecisions(transaction, endings, { alertsOf, at })
      return decided
    })
    onCommit()
    return outcomes
  })
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

import { type DomainEvent, momentAfter, tracedBy } from '@redress/shared/events/envelope.ts'
import { coalesce } from '@redress/shared/resilience/coalesce.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Decision, Evaluated, Verdict } from '../../domain/decision.ts'
import { type RoutingThresholds, routeVerdict } from '../../domain/routing.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import { HoldDecisionError } from '../../engines/errors.ts'
import { failedEvent, madeEvent, startedEvent, toStoredDecision } from '../domain/decision-events.ts'
import { HOLD_LIMITS, type HoldLimits, holdOrSettle } from '../domain/hold.ts'
import { type DecisionJob, decisionIdFor } from '../domain/job.ts'
import { type Oversight, routeDecision } from '../domain/oversight.ts'
import { JobMissingError } from '../errors.ts'
import type { DecisionsStore } from './ports.ts'

export type DecideIssue = Readonly<{
  /**
   * Decides the case of a job. A job that was decided before keeps its first decision.
   * @param trace what the events of it say they are a part of; what asked for the job, where it is not given.
   * @throws JobMissingError; HoldDecisionError when it is to be decided later, which the job stays `PROCESSING` for.
   */
  decide: (jobId: string, trace?: string | null) => Promise<void>
  /** The same for a job of a batch, which `decide` leaves alone: what is decided is known already. */
  decideWith: (jobId: string, evaluated: Evaluated) => Promise<void>
  /** Ends a job that no attempt could decide. */
  giveUp: (jobId: string, reason: string, trace?: string | null) => Promise<void>
}>

type Dependencies = Readonly<{
  store: DecisionsStore
  evaluate: (decisionCase: DecisionJob['case']) => Promise<Evaluated> | Evaluated
  /** Models are trusted less than rules. */
  thresholdsOf: (engine: Verdict['engine']) => RoutingThresholds
  oversight: Oversight
  /** Further events about a decision, added in the transaction that stores it. Default: none. */
  alertsOf?: (job: DecisionJob, decision: StoredDecision) => readonly DomainEvent[]
  hold?: HoldLimits
  now: Clock
  /** Milliseconds, for durations. */
  monotonicMs: () => number
  onCommit: () => void
}>

/**
 * Begins, decides, ends. Jobs that run side by side in one process share their transactions: the cost of storing is
 * divided, and no job waits for more than the transaction before it.
 */
export function createDecideIssue({
  store,
  evaluate,
  thresholdsOf,
  oversight,
  alertsOf = () => [],
  hold = HOLD_LIMITS,
  now,
  monotonicMs,
  onCommit,
}: Dependencies): DecideIssue {
  const begin = coalesce<Beginning, DecisionJob>((beginnings) => beginAll(store, beginnings, now()))
  const end = coalesce<Ending, void>((endings) => endAll(store, endings, { alertsOf, at: now() }))

  const evaluateOrHold = async (job: DecisionJob): Promise<Evaluated> => {
    try {
      return await evaluate(job.case)
    } catch (error) {
      if (!(error instanceof HoldDecisionError)) throw error
      const ageMs = now().getTime() - job.createdAt.getTime()
      return { verdict: holdOrSettle(error, { ageMs, limits: hold }), shadow: null }
    }
  }

  const run = async (beginning: Beginning, evaluateJob: (job: DecisionJob) => Promise<Evaluated> | Evaluated) => {
    const job = await begin(beginning)
    onCommit()
    if (job.status === 'COMPLETED' || isOfBatch(job, beginning)) return
    const startedMs = monotonicMs()
    const evaluated = await evaluateJob(job)
    const durationMs = monotonicMs() - startedMs
    const decision = toDecision(evaluated, { decisionId: decisionIdFor(job.id), thresholdsOf, oversight, durationMs })
    await end({ job, decision: toStoredDecision(decision, job, momentAfter(job.updatedAt, now())) })
    onCommit()
  }

  return {
    decide: (jobId, trace) => run({ jobId, trace, inBatch: false }, evaluateOrHold),
    decideWith: (jobId, evaluated) => run({ jobId, trace: null, inBatch: true }, () => evaluated),
    async giveUp(jobId, reason, trace) {
      await store.transact(async (transaction) => {
        const job = (await transaction.findJobs([jobId])).get(jobId)
        if (!job || job.status === 'COMPLETED' || job.status === 'FAILED') return
        const at = momentAfter(job.updatedAt, now())
        await transaction.setStatus([jobId], 'FAILED', at)
        await transaction.addEvents([failedEvent({ ...job, ...tracedBy(trace) }, reason, at)])
      })
      onCommit()
    },
  }
}

type Beginning = Readonly<{ jobId: string; trace: string | null | undefined; inBatch: boolean }>

const isOfBatch = (job: DecisionJob, { inBatch }: Beginning): boolean => job.batchId !== undefined && !inBatch

/** Marks the jobs as being worked on, and says so once for each; what comes of a job happens after that. */
function beginAll(store: DecisionsStore, beginnings: readonly Beginning[], at: Date) {
  return store.transact(async (transaction) => {
    const stored = await transaction.findJobs(beginnings.map(({ jobId }) => jobId))
    const jobs = beginnings.map(({ jobId, trace }) => {
      const job = stored.get(jobId)
      return job ? { ...job, ...tracedBy(trace) } : new JobMissingError(jobId)
    })
    const begun = new Map<string, DecisionJob>()
    for (const [index, job] of jobs.entries()) {
      if (!(job instanceof Error) && job.status === 'PENDING' && !isOfBatch(job, beginnings[index]!))
        begun.set(job.id, { ...job, status: 'PROCESSING', updatedAt: at })
    }
    if (begun.size > 0) {
      await transaction.setStatus([...begun.keys()], 'PROCESSING', at)
      await transaction.addEvents([...begun.values()].map((job) => startedEvent(job, at)))
    }
    return jobs.map((job) => (job instanceof Error ? job : (begun.get(job.id) ?? job)))
  })
}

type Ending = Readonly<{ job: DecisionJob; decision: StoredDecision }>

/** Stores the decisions with their events; a job that was decided concurrently keeps its decision. */
function endAll(
  store: DecisionsStore,
  endings: readonly Ending[],
  { alertsOf, at }: Readonly<{ alertsOf: NonNullable<Dependencies['alertsOf']>; at: Date }>,
) {
  return store.transact(async (transaction) => {
    const jobs = await transaction.findJobs(endings.map(({ job }) => job.id))
    const open = endings.filter(({ job }) => jobs.get(job.id)?.status === 'PROCESSING')
    const unique = [...new Map(open.map((ending) => [ending.job.id, ending])).values()]
    if (unique.length > 0) {
      await transaction.addDecisions(unique.map(({ decision }) => decision))
      await transaction.setStatus(
        unique.map(({ job }) => job.id),
        'COMPLETED',
        at,
      )
      await transaction.addEvents(
        unique.flatMap(({ job, decision }) => [madeEvent(decision, job), ...alertsOf(job, decision)]),
      )
    }
    return endings.map(() => undefined)
  })
}

type Standards = Pick<Dependencies, 'thresholdsOf' | 'oversight'> & Readonly<{ decisionId: string; durationMs: number }>

/** The verdict with who acts on it, and the step that says why. */
export function toDecision({ verdict, shadow }: Evaluated, standards: Standards): Decision {
  const { decisionId, thresholdsOf, oversight, durationMs } = standards
  const thresholds = thresholdsOf(verdict.engine)
  const routed = routeDecision(verdict, { decisionId, thresholds, oversight })
  const { action, confidence } = verdict
  const step = {
    name: 'routing',
    attempt: 1,
    ok: true,
    error: null,
    durationMs: 0,
    output: { action, confidence, ...thresholds, ...routed },
  }
  return {
    ...verdict,
    ...routed,
    shadow: shadow && {
      policy: shadow.policy,
      action: shadow.action,
      confidence: shadow.confidence,
      routing: routeVerdict(shadow, thresholdsOf(shadow.engine)),
    },
    durationMs,
    trace: [...verdict.trace, step],
  }
}

import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Clock } from '@redress/shared/time.ts'
import { NO_OVERSIGHT } from '../../decisions/domain/oversight.ts'
import { toDecision } from '../../decisions/domain/to-decision.ts'
import type { Engine, Verdict } from '../../domain/decision.ts'
import type { RoutingThresholds } from '../../domain/routing.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import { IssueUndecidedError } from './errors.ts'

/** The policy or engine to decide with instead of the one in force; null for the one in force. */
type SimulatedWith = Readonly<{ digest: string | null; engine: Engine | null }>
export type Simulation = SimulatedWith & Readonly<{ subject: { issueId: string } | { case: DecisionCase } }>
/** The case of the latest decision about an issue of a tenant that may be seen. */
export type FindLatestCase = (issueId: string, tenant: string) => Promise<DecisionCase | null>

/** Replaces the ids of the stored records that a simulation does not have: its issue, its customer and its job. */
export const SIMULATED_ID = 'simulated'

type Dependencies = Readonly<{
  findLatestCase: FindLatestCase
  /** @throws AppError when the version or the engine is not there, or fails. */
  evaluate: (decisionCase: DecisionCase, simulatedWith: SimulatedWith) => Promise<Verdict>
  thresholdsOf: (engine: Engine) => RoutingThresholds
  newId: () => string
  now: Clock
  /** Milliseconds, for durations. */
  monotonicMs: () => number
}>

/**
 * Decides without side effects: nothing is stored, queued or published. Sampling and suspensions do not apply either,
 * because a simulation tests the policy alone.
 * @throws IssueUndecidedError
 */
export function createSimulateDecision(dependencies: Dependencies) {
  const { findLatestCase, evaluate, thresholdsOf, newId, now, monotonicMs } = dependencies
  return async ({ subject, ...simulatedWith }: Simulation, tenant: string): Promise<StoredDecision> => {
    const decisionCase = 'case' in subject ? subject.case : await findLatestCase(subject.issueId, tenant)
    if (decisionCase === null) throw new IssueUndecidedError('issueId' in subject ? subject.issueId : SIMULATED_ID)

    const startedMs = monotonicMs()
    const verdict = await evaluate(decisionCase, simulatedWith)
    const id = newId()
    const standards = { decisionId: id, thresholdsOf, oversight: NO_OVERSIGHT }
    return {
      ...toDecision({ verdict, shadow: null }, { ...standards, durationMs: monotonicMs() - startedMs }),
      id,
      issueId: decisionCase.issueId,
      jobId: SIMULATED_ID,
      case: decisionCase,
      review: null,
      tenant,
      decidedAt: now(),
    }
  }
}

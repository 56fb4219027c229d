import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Views } from '../../decisions/use-cases/views.ts'
import type { Verdict } from '../../domain/decision.ts'
import { PolicyVersionNotFoundError } from '../../domain/errors.ts'
import type { RoutingThresholds } from '../../domain/routing.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import { DecisionNotFoundError, DecisionNotReplayableError } from './errors.ts'
import { compareReplay, type Replay } from './replay.ts'

/** @throws DecisionNotFoundError, DecisionNotReplayableError, PolicyVersionNotFoundError */
export type ReplayDecision = (id: string) => Promise<Replay>

type Dependencies = Readonly<{
  views: Pick<Views, 'findDecisions'>
  /** The verdict of one exact version's rules; null for an unknown version. */
  decideByVersion: (decisionCase: DecisionCase, digest: string) => Promise<Verdict | null>
  /** Those of the rules. */
  thresholds: RoutingThresholds
}>

/** Repeats a decision with the version that made it. Decisions that await a blind review count as not found. */
export function createReplayDecision({ views, decideByVersion, thresholds }: Dependencies): ReplayDecision {
  return async (id) => {
    const [decision] = await views.findDecisions([id])
    if (!decision || (decision.blind && decision.review === null)) throw new DecisionNotFoundError(id)
    // A decision stored by an earlier release has no case, although the type has one.
    const { case: decisionCase }: { case?: StoredDecision['case'] } = decision
    if (!decisionCase) throw new DecisionNotReplayableError(id)

    const verdict = await decideByVersion(decisionCase, decision.policy.digest)
    if (verdict === null) throw new PolicyVersionNotFoundError(decision.policy.digest)
    return compareReplay(decision, verdict, thresholds)
  }
}

import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Views } from '../../decisions/use-cases/views.ts'
import type { Verdict } from '../../domain/decision.ts'
import type { RoutingThresholds } from '../../domain/routing.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import { PolicyVersionNotFoundError } from '../errors.ts'
import { DecisionNotFoundError, DecisionNotReplayableError } from './errors.ts'
import { compareReplay, type Replay } from './replay.ts'

/** @throws DecisionNotFoundError, DecisionNotReplayableError, PolicyVersionNotFoundError */
export type ReplayDecision = (id: string) => Promise<Replay>

type Dependencies = Readonly<{
  views: Pick<Views, 'findDecisions'>
  /** What the rules of one exact version say; null for a version that is not on record. */
  decideByVersion: (decisionCase: DecisionCase, digest: string) => Promise<Verdict | null>
  /** Those of the rules. */
  thresholds: RoutingThresholds
}>

/** Makes a decision again by the very version that made it. A decision that waits for a blind review is not told. */
export function createReplayDecision({ views, decideByVersion, thresholds }: Dependencies): ReplayDecision {
  return async (id) => {
    const [decision] = await views.findDecisions([id])
    if (!decision || (decision.blind && decision.review === null)) throw new DecisionNotFoundError(id)
    // What an earlier release stored has no case, whatever the type says.
    const { case: decisionCase }: { case?: StoredDecision['case'] } = decision
    if (!decisionCase) throw new DecisionNotReplayableError(id)

    const verdict = await decideByVersion(decisionCase, decision.policy.digest)
    if (verdict === null) throw new PolicyVersionNotFoundError(decision.policy.digest)
    return compareReplay(decision, verdict, thresholds)
  }
}

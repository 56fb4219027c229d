import type { DecisionAction, Routing } from '@redress/shared/contracts.ts'
import type { Verdict } from '../../domain/decision.ts'
import { type RoutingThresholds, routeVerdict } from '../../domain/routing.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'

/** The result of repeating a stored decision. */
export type Replay = Readonly<{
  decision: StoredDecision
  same: boolean
  action: DecisionAction
  confidence: number
  routing: Routing
  policyApplied: string
  reasoning: string
}>

/** Compares a decision with the verdict of the same version's rules. Sampling and suspensions are not compared. */
export function compareReplay(decision: StoredDecision, verdict: Verdict, thresholds: RoutingThresholds): Replay {
  const { action, confidence, policyApplied, reasoning } = verdict
  const routing = routeVerdict(verdict, thresholds)
  const same =
    decision.action === action &&
    decision.confidence === confidence &&
    decision.policyApplied === policyApplied &&
    decision.reasoning === reasoning &&
    routingByThresholds(decision, thresholds) === routing
  return { decision, same, action, confidence, routing, policyApplied, reasoning }
}

/** The routing that the decision would have had without oversight. */
function routingByThresholds(decision: StoredDecision, thresholds: RoutingThresholds): Routing {
  const { blind, autonomySuspended, routing } = decision
  return blind || autonomySuspended ? routeVerdict(decision, thresholds) : routing
}

import type { Routing } from '@redress/shared/contracts.ts'
import type { Verdict } from './decision.ts'

/** The least confidence for each way; what is below `humanReview` is decided by a person. */
export type RoutingThresholds = Readonly<{ autoResolve: number; humanReview: number }>

/** Where nothing else is configured. */
export const RULES_THRESHOLDS: RoutingThresholds = { autoResolve: 80, humanReview: 70 }
/** Models are trusted less than rules. */
export const MODEL_THRESHOLDS = { autoResolve: 90, humanReview: 70 } as const satisfies RoutingThresholds

/** A verdict to escalate goes to a person however sure the engine is: there is nothing to carry out or to confirm. */
export function routeVerdict(
  { action, confidence }: Pick<Verdict, 'action' | 'confidence'>,
  thresholds: RoutingThresholds,
): Routing {
  return action === 'ESCALATE' ? 'ESCALATE' : routeByConfidence(confidence, thresholds)
}

export function routeByConfidence(confidence: number, { autoResolve, humanReview }: RoutingThresholds): Routing {
  if (confidence >= autoResolve) return 'AUTO_RESOLVE'
  if (confidence >= humanReview) return 'HUMAN_REVIEW'
  return 'ESCALATE' // Also where the confidence is not a number: doubt goes to a person.
}

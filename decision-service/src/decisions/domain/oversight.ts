import type { DecisionAction, Routing } from '@redress/shared/contracts.ts'
import type { PolicyVersion, Verdict } from '../../domain/decision.ts'
import { type RoutingThresholds, routeVerdict } from '../../domain/routing.ts'
import { placeOf } from '../../domain/sampling.ts'

/** What people keep an eye on: which share they review blindly, and which actions may not go without them. */
export type Oversight = Readonly<{
  /** 0 to 1. */
  blindShare: number
  isSuspended: (policy: PolicyVersion, action: DecisionAction) => boolean
}>

type Routed = Readonly<{ routing: Routing; blind: boolean; autonomySuspended: boolean }>

export const NO_OVERSIGHT: Oversight = { blindShare: 0, isSuspended: () => false }

type Standards = Readonly<{ decisionId: string; thresholds: RoutingThresholds; oversight: Oversight }>

/**
 * Who acts on a verdict. What would go by itself is sampled as well as what a person would confirm: only so is it known
 * how often people agree with what nobody looks at. Where a person decides anyway there is nothing to be blind about.
 */
export function routeDecision(verdict: Verdict, { decisionId, thresholds, oversight }: Standards): Routed {
  const routing = routeVerdict(verdict, thresholds)
  if (routing === 'ESCALATE') return { routing, blind: false, autonomySuspended: false }

  const autonomySuspended = routing === 'AUTO_RESOLVE' && oversight.isSuspended(verdict.policy, verdict.action)
  const blind = oversight.blindShare > 0 && placeOf(`blind:${decisionId}`) < oversight.blindShare
  return { routing: blind || autonomySuspended ? 'HUMAN_REVIEW' : routing, blind, autonomySuspended }
}

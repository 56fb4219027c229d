import type { DecisionAction, Routing } from '@redress/shared/contracts.ts'
import type { PolicyVersion, Verdict } from '../../domain/decision.ts'
import { type RoutingThresholds, routeVerdict } from '../../domain/routing.ts'
import { placeOf } from '../../domain/sampling.ts'

/** The oversight by people: the share of blind reviews, and the actions whose autonomy is suspended. */
export type Oversight = Readonly<{
  /** 0 to 1. */
  blindShare: number
  isSuspended: (policy: PolicyVersion, action: DecisionAction) => boolean
}>

type Routed = Readonly<{ routing: Routing; blind: boolean; autonomySuspended: boolean }>

export const NO_OVERSIGHT: Oversight = { blindShare: 0, isSuspended: () => false }

type Standards = Readonly<{ decisionId: string; thresholds: RoutingThresholds; oversight: Oversight }>

/**
 * Routes a verdict: carried out automatically, reviewed by a person, or escalated. Automatic decisions are sampled for
 * blind review like those that a person would confirm, because only that measures how often people agree with them.
 * Escalated decisions are not sampled: a person decides them anyway.
 */
export function routeDecision(verdict: Verdict, { decisionId, thresholds, oversight }: Standards): Routed {
  const routing = routeVerdict(verdict, thresholds)
  if (routing === 'ESCALATE') return { routing, blind: false, autonomySuspended: false }

  const autonomySuspended = routing === 'AUTO_RESOLVE' && oversight.isSuspended(verdict.policy, verdict.action)
  const blind = oversight.blindShare > 0 && placeOf(`blind:${decisionId}`) < oversight.blindShare
  return { routing: blind || autonomySuspended ? 'HUMAN_REVIEW' : routing, blind, autonomySuspended }
}

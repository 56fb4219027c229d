import type { Routing } from '@redress/shared/contracts.ts'
import type { PolicyVersion, Verdict } from './decision.ts'
import { type RoutingThresholds, routeVerdict } from './routing.ts'

/** What people keep an eye on: which share they review blindly, and which actions may not go without them. */
export type Oversight = Readonly<{
  /** 0 to 1. */
  blindShare: number
  isSuspended: (policy: PolicyVersion, action: Verdict['action']) => boolean
}>

export type Routed = Readonly<{ routing: Routing; blind: boolean; autonomySuspended: boolean }>

export const NO_OVERSIGHT: Oversight = { blindShare: 0, isSuspended: () => false }

/** Who acts on a verdict. */
export function routeDecision(
  verdict: Verdict,
  { thresholds }: Readonly<{ decisionId: string; thresholds: RoutingThresholds; oversight: Oversight }>,
): Routed {
  return { routing: routeVerdict(verdict, thresholds), blind: false, autonomySuspended: false }
}

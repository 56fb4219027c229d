import type { Decision, Evaluated, Verdict } from '../../domain/decision.ts'
import { type RoutingThresholds, routeVerdict } from '../../domain/routing.ts'
import { type Oversight, routeDecision } from './oversight.ts'

export type Standards = Readonly<{
  /** Models are trusted less than rules. */
  thresholdsOf: (engine: Verdict['engine']) => RoutingThresholds
  oversight: Oversight
}>

/** The verdict with its routing, and the step that explains the routing. */
export function toDecision(
  { verdict, shadow }: Evaluated,
  { decisionId, thresholdsOf, oversight, durationMs }: Standards & Readonly<{ decisionId: string; durationMs: number }>,
): Decision {
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

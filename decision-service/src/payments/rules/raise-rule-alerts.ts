import type { DecisionCase } from '@redress/shared/contracts.ts'
import { type DomainEvent, tracedBy } from '@redress/shared/events/envelope.ts'
import type { DecisionJob } from '../../decisions/domain/job.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import type { RuleHit } from '../domain/payment-decision.ts'
import { ruleAlerts } from './business-rule.ts'

/** Who acts when a rule is held against a case. */
const ACTOR = 'redress:worker'

/** The alerts of the business rules that hold for a decided case, to be told with the decision. */
export function createAlertsOf(hitsOf: (decisionCase: DecisionCase) => readonly RuleHit[]) {
  return (job: DecisionJob, decision: StoredDecision): readonly DomainEvent[] =>
    ruleAlerts(hitsOf(decision.case), {
      entity: { type: 'Decision', id: decision.id },
      after: decision.decidedAt,
      cause: { actor: ACTOR, requestId: job.requestId, ip: null, ...tracedBy(job.trace) },
    })
}

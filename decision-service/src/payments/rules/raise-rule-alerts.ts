import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import { causeOfWorker, type Origin } from '../../domain/cause-of-worker.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import type { RuleHit } from '../domain/payment-decision.ts'
import { ruleAlerts } from './business-rule.ts'

/** The alerts of the business rules that match a decided case, stored together with the decision. */
export function createAlertsOf(hitsOf: (decisionCase: DecisionCase) => readonly RuleHit[]) {
  return (job: Origin, decision: StoredDecision): readonly DomainEvent[] =>
    ruleAlerts(hitsOf(decision.case), {
      entity: { type: 'Decision', id: decision.id },
      after: decision.decidedAt,
      cause: causeOfWorker(job),
    })
}

import { newEvent } from '@redress/shared/events/catalogue.ts'
import { asNew, type DomainEvent, momentAfter, tracedBy } from '@redress/shared/events/envelope.ts'
import { agreementBetween } from '../domain/agreement.ts'
import type { NewReview } from '../domain/review.ts'
import type { ReviewedDecision, StoredDecision } from '../domain/stored-decision.ts'

export function reviewDecision(decision: StoredDecision, { action, reviewer, at }: NewReview): ReviewedDecision {
  const review = {
    action,
    agreement: agreementBetween(decision.action, action),
    reviewer,
    at: momentAfter(decision.decidedAt, at),
  }
  return { ...decision, review }
}

/** For a blind decision, this event also has what the event of the decision itself left out. */
export function reviewedEvent(decision: ReviewedDecision, { tenant, requestId, trace }: NewReview): DomainEvent {
  const { id: decisionId, issueId, action: recommended, confidence, policyApplied, policy, blind, review } = decision
  const { action: chosen, agreement } = review
  const facts = { recommended, chosen, agreement, confidence, policyApplied, policyDigest: policy.digest, blind }
  return newEvent('decision.reviewed', {
    id: `${decisionId}-reviewed`,
    at: review.at,
    cause: { actor: review.reviewer, requestId, ip: null, tenant, ...tracedBy(trace) },
    entity: { type: 'Decision', id: decisionId },
    changes: asNew(facts),
    data: { issueId, decisionId, recommended, chosen, agreement },
  })
}

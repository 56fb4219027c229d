import { ACTORS } from '@redress/shared/access/actors.ts'
import type { BlindDecisionMade, DecisionMade } from '@redress/shared/contracts.ts'
import { asNew, type DomainEvent, tracedBy } from '@redress/shared/events/envelope.ts'
import type { Decision } from '../../domain/decision.ts'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import { type DecisionJob, decisionIdFor } from './job.ts'

export function toStoredDecision(decision: Decision, job: DecisionJob, now: Date): StoredDecision {
  return {
    ...decision,
    id: decisionIdFor(job.id),
    issueId: job.case.issueId,
    jobId: job.id,
    case: job.case,
    review: null,
    decidedAt: now,
  }
}

export function startedEvent(job: DecisionJob, now: Date): DomainEvent {
  return { ...headOf(job, 'started', now), changes: {}, data: { issueId: job.case.issueId } }
}

/** Of a decision that is to be reviewed blindly it tells only that there is one; the rest comes with the review. */
export function madeEvent(decision: StoredDecision, job: DecisionJob): DomainEvent {
  const { id: decisionId, issueId, action, confidence, routing, policyApplied, policy, engine, blind } = decision
  const head = headOf(job, 'made', decision.decidedAt)
  const origin = { policyDigest: policy.digest, engine }
  if (blind) {
    const data: BlindDecisionMade = { issueId, decisionId, routing: 'HUMAN_REVIEW', blind }
    return { ...head, changes: asNew({ blind, ...origin }), data }
  }
  const data: DecisionMade = { issueId, decisionId, action, confidence, routing, policyApplied }
  return { ...head, changes: asNew({ action, confidence, routing, policyApplied, ...origin }), data }
}

export function failedEvent(job: DecisionJob, reason: string, now: Date): DomainEvent {
  return { ...headOf(job, 'failed', now), changes: asNew({ reason }), data: { issueId: job.case.issueId, reason } }
}

function headOf(job: DecisionJob, what: 'started' | 'made' | 'failed', now: Date) {
  return {
    id: `${job.id}-${what}`,
    type: `decision.${what}`,
    at: now.toISOString(),
    actor: ACTORS.worker,
    requestId: job.requestId,
    ip: null,
    ...tracedBy(job.trace),
    entity: { type: 'Decision', id: decisionIdFor(job.id) },
  }
}

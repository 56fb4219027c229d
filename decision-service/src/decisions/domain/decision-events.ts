import { newEvent } from '@redress/shared/events/catalogue.ts'
import { asNew, type DomainEvent } from '@redress/shared/events/envelope.ts'
import { causeOfWorker } from '../../domain/cause-of-worker.ts'
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
    tenant: job.tenant,
    review: null,
    decidedAt: now,
  }
}

export function startedEvent(job: DecisionJob, now: Date): DomainEvent {
  return newEvent('decision.started', { ...headOf(job, 'started', now), data: { issueId: job.case.issueId } })
}

/** Of a decision that awaits a blind review the event says only that there is one; the rest follows with the review. */
export function madeEvent(decision: StoredDecision, job: DecisionJob, startedAt: Date | null): DomainEvent {
  const { id: decisionId, issueId, action, confidence, routing, policyApplied, policy, engine, blind } = decision
  const head = headOf(job, 'made', decision.decidedAt)
  const origin = { policyDigest: policy.digest, engine }
  const start = startedAt && { startedAt: startedAt.toISOString() }
  if (blind) {
    const data = { issueId, decisionId, routing: 'HUMAN_REVIEW', blind, ...start } as const
    return newEvent('decision.made', { ...head, changes: asNew({ blind, ...origin }), data })
  }
  const data = { issueId, decisionId, action, confidence, routing, policyApplied, ...start }
  const changes = asNew({ action, confidence, routing, policyApplied, ...origin })
  return newEvent('decision.made', { ...head, changes, data })
}

export function failedEvent(job: DecisionJob, reason: string, now: Date): DomainEvent {
  const data = { issueId: job.case.issueId, reason }
  return newEvent('decision.failed', { ...headOf(job, 'failed', now), changes: asNew({ reason }), data })
}

function headOf(job: DecisionJob, what: 'started' | 'made' | 'failed', at: Date) {
  return {
    id: `${job.id}-${what}`,
    at,
    cause: causeOfWorker(job),
    entity: { type: 'Decision', id: decisionIdFor(job.id) },
  } as const
}

import type { DecisionAction, DecisionCase, DecisionMade } from '@redress/shared/contracts.ts'
import { type DomainEvent, tracedBy } from '@redress/shared/events/envelope.ts'
import type { Agreement } from './agreement.ts'
import type { Decision } from './decision.ts'
import { type DecisionJob, decisionIdFor } from './job.ts'

export type Review = Readonly<{ action: DecisionAction; agreement: Agreement; reviewer: string; at: Date }>

/** A decision as it stands: made once for each job, and later perhaps reviewed by a person. */
export type StoredDecision = Decision &
  Readonly<{
    id: string
    issueId: string
    jobId: string
    /** What was decided about, kept so that it can be decided again. */
    case: DecisionCase
    review: Review | null
    decidedAt: Date
  }>

/** Who acts when a worker does. */
const ACTOR = 'redress:worker'

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

export function madeEvent(decision: StoredDecision, job: DecisionJob): DomainEvent {
  const { id: decisionId, issueId, action, confidence, routing, policyApplied, policy, engine } = decision
  const data: DecisionMade = { issueId, decisionId, action, confidence, routing, policyApplied }
  const facts = { action, confidence, routing, policyApplied, policyDigest: policy.digest, engine }
  const changes = Object.fromEntries(Object.entries(facts).map(([name, after]) => [name, { before: null, after }]))
  return { ...headOf(job, 'made', decision.decidedAt), changes, data }
}

export function failedEvent(job: DecisionJob, reason: string, now: Date): DomainEvent {
  const changes = { reason: { before: null, after: reason } }
  return { ...headOf(job, 'failed', now), changes, data: { issueId: job.case.issueId, reason } }
}

function headOf(job: DecisionJob, what: 'started' | 'made' | 'failed', now: Date) {
  return {
    id: `${job.id}-${what}`,
    type: `decision.${what}`,
    at: now.toISOString(),
    actor: ACTOR,
    requestId: job.requestId,
    ip: null,
    ...tracedBy(job.trace),
    entity: { type: 'Decision', id: decisionIdFor(job.id) },
  }
}

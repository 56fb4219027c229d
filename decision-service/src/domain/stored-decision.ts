import type { BlindDecisionMade, DecisionAction, DecisionCase, DecisionMade } from '@redress/shared/contracts.ts'
import { asNew, type DomainEvent, tracedBy } from '@redress/shared/events/envelope.ts'
import { type DecisionJob, decisionIdFor } from '../decisions/domain/job.ts'
import type { Agreement } from './agreement.ts'
import type { Decision } from './decision.ts'

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

/** While it waits for a blind review, a decision does not exist for anybody who asks. */
export function isHidden({ blind, review }: Readonly<{ blind: boolean; review: object | null }>): boolean {
  return blind && review === null
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
    actor: ACTOR,
    requestId: job.requestId,
    ip: null,
    ...tracedBy(job.trace),
    entity: { type: 'Decision', id: decisionIdFor(job.id) },
  }
}

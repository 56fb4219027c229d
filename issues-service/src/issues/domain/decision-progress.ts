import { PAYS_OUT } from '@redress/shared/actions.ts'
import type { BlindDecisionMade, DecisionMade, IssueStatus, Routing } from '@redress/shared/contracts.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Transaction } from '../../transactions/transaction.ts'
import { awaitedDecisionOf, type Change, type Issue, moveIssue } from './issue.ts'
import { resolveBy } from './resolve-issue.ts'

/** How far a decision about an issue has come. */
export type DecisionProgress = Readonly<{ decisionId: string }> &
  (
    | Readonly<{ kind: 'started' }>
    | Readonly<{ kind: 'made'; decision: DecisionMade | BlindDecisionMade }>
    | Readonly<{ kind: 'failed'; reason: string }>
  )

const STATUS_AFTER: Readonly<Record<Routing, IssueStatus>> = {
  AUTO_RESOLVE: 'RESOLVED',
  HUMAN_REVIEW: 'AWAITING_REVIEW',
  ESCALATE: 'AWAITING_REVIEW',
}

type Circumstances = Readonly<{
  /** The payment of the issue, where the decision pays it back; null without one. */
  payment: Transaction | null
  cause: Cause
  now: Date
}>

/**
 * The changes of an issue that follow from the progress of a decision, in order; none if the issue does not wait for
 * that one: it has moved on, or was retried meanwhile. Events may overtake each other: a decision that arrives before
 * its start moves the issue through both statuses.
 */
export function followDecision(issue: Issue, progress: DecisionProgress, when: Circumstances): readonly Change[] {
  if (awaitedDecisionOf(issue) !== progress.decisionId) return []
  const started = issue.status === 'PENDING' ? [start(issue, progress, when)] : []
  if (progress.kind === 'started') return started

  const current = started[0]?.issue ?? issue
  const ended =
    progress.kind === 'made' ? settle(current, progress.decision, when) : fail(current, progress.reason, when)
  return [...started, ended]
}

/** The move to PROCESSING, at the moment that the decision gives for its start; now where it gives none. */
function start(issue: Issue, progress: DecisionProgress, { cause, now }: Circumstances): Change {
  const startedAt = progress.kind === 'made' ? progress.decision.startedAt : undefined
  const at = startedAt === undefined ? now : new Date(startedAt)
  return moveIssue(issue, 'PROCESSING', { reason: 'deciding' }, { cause, now: at })
}

function settle(issue: Issue, decision: DecisionMade | BlindDecisionMade, when: Circumstances): Change {
  if ('blind' in decision) {
    return moveIssue(issue, 'AWAITING_REVIEW', { reason: 'blind review', decisionId: decision.decisionId }, when)
  }
  const { action, confidence, routing, policyApplied, decisionId } = decision
  const to = STATUS_AFTER[routing]
  const reason = `${action} at ${confidence} % by ${policyApplied}`
  if (to !== 'RESOLVED') return moveIssue(issue, to, { reason, decisionId }, when)
  // A payment that is not allowed at once is checked by a person: the case is opened for that alone.
  if (issue.paymentCase) {
    return moveIssue(issue, 'AWAITING_REVIEW', { reason: `${reason}: a person checks the payment`, decisionId }, when)
  }

  const resolved = resolveBy(issue, { action, note: null }, when)
  // Another refund of the same payment was approved while this one was decided.
  if (resolved === null) {
    return moveIssue(issue, 'AWAITING_REVIEW', { reason: `${reason}: exceeds the payment`, decisionId }, when)
  }
  return moveIssue(issue, 'RESOLVED', { reason, decisionId, ...resolved }, when)
}

function fail(issue: Issue, reason: string, when: Circumstances): Change {
  return moveIssue(issue, 'FAILED', { reason: 'no decision', failure: reason }, when)
}

/** Whether the progress of a decision may pay the payment of its issue back. */
export function paysBack(progress: DecisionProgress): boolean {
  if (progress.kind !== 'made' || 'blind' in progress.decision) return false
  const { action, routing } = progress.decision
  return STATUS_AFTER[routing] === 'RESOLVED' && PAYS_OUT[action]
}

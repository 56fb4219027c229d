import { ALLOWED_ACTIONS, PAYS_OUT } from '@redress/shared/actions.ts'
import type { DecisionAction } from '@redress/shared/contracts.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import {
  ActionNotAllowedError,
  ConflictError,
  InvalidTransitionError,
  RefundExceedsPaymentError,
} from '../../domain/errors.ts'
import { approveRefund, type Transaction } from '../../transactions/transaction.ts'
import { type Change, type Effect, type Issue, moveIssue } from './issue.ts'
import { checkAssignee, checkClaim } from './review-claim.ts'

type Moment = Readonly<{ cause: Cause; now: Date }>

/**
 * The resolution of an issue by an action, with the refund of its payment that the action approves; null where the refunds
 * would exceed the payment.
 */
export function resolveBy(
  { details }: Issue,
  { action, note }: Readonly<{ action: DecisionAction; note: string | null }>,
  { payment, ...moment }: Moment & Readonly<{ payment: Transaction | null }>,
): Required<Pick<Effect, 'resolution'>> | Required<Pick<Effect, 'resolution' | 'refund'>> | null {
  const resolution = { action, by: moment.cause.actor, note }
  if (!PAYS_OUT[action] || payment === null) return { resolution: { ...resolution, amount: null } }
  const asked = details.type === 'REFUND_REQUEST' ? details.partialAmount : null
  const refund = approveRefund(payment, asked, moment)
  return refund && { resolution: { ...resolution, amount: refund.amount }, refund: refund.change }
}

export type Review = Readonly<{
  action: DecisionAction
  note: string | null
  seenVersion: number | null
  /** The payment of the issue; null without one. */
  payment: Transaction | null
  cause: Cause
  /** Whether the reviewer may also resolve what another one has claimed. */
  mayOverrule: boolean
  now: Date
}>

/**
 * Resolves an issue that awaits a review. Personal data in the note is masked.
 * @throws InvalidTransitionError, ConflictError if it changed since the reviewer saw it, ActionNotAllowedError,
 * RefundExceedsPaymentError, IssueAssignedError, IssueClaimedError
 */
export function reviewIssue(issue: Issue, review: Review): Change {
  const { action, note, seenVersion, payment, cause, now } = review
  if (issue.status !== 'AWAITING_REVIEW') throw new InvalidTransitionError(issue.status, 'RESOLVED')
  checkAssignee(issue, review)
  checkClaim(issue, review)
  if (seenVersion !== null && seenVersion !== issue.version) throw new ConflictError(issue.id)
  const allowed: readonly DecisionAction[] = ALLOWED_ACTIONS[issue.details.type].filter((one) => one !== 'ESCALATE')
  if (!allowed.includes(action)) throw new ActionNotAllowedError(issue.details.type, action, allowed)

  const resolved = resolveBy(issue, { action, note: note && maskPersonal(note) }, { payment, cause, now })
  if (resolved === null) throw new RefundExceedsPaymentError(issue.transactionId!)
  const paymentId = issue.paymentCase?.decisionId
  const data = { review: { action, ...(paymentId !== undefined && { paymentId }) } }
  return moveIssue(issue, 'RESOLVED', { reason: 'reviewed', ...resolved, data }, { cause, now })
}

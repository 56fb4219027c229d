import { ACTORS } from '@redress/shared/access/actors.ts'
import type {
  DecisionAction,
  DecisionCase,
  IssueDetails,
  IssueStatus,
  Money,
  Priority,
} from '@redress/shared/contracts.ts'
import { decisionIdOf } from '@redress/shared/contracts.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { type Cause, causeOfService, type DomainEvent, momentAfter } from '@redress/shared/events/envelope.ts'
import { InvalidTransitionError } from '../../domain/errors.ts'
import type { TransactionChange } from '../../transactions/transaction.ts'
import type { PaymentCase } from './payment-case.ts'

/** Where an issue may go from each status. `RESOLVED` is final. */
export const TRANSITIONS: Readonly<Record<IssueStatus, readonly IssueStatus[]>> = {
  PENDING: ['PROCESSING', 'FAILED'],
  PROCESSING: ['RESOLVED', 'AWAITING_REVIEW', 'FAILED', 'PENDING'],
  AWAITING_REVIEW: ['RESOLVED'],
  FAILED: ['PENDING'],
  RESOLVED: [],
}

export type StatusChange = Readonly<{
  from: IssueStatus | null
  to: IssueStatus
  changedBy: string
  reason: string | null
  at: Date
}>
export type Resolution = Readonly<{
  action: DecisionAction
  by: string
  note: string | null
  /** What is to be paid back; null where the action pays nothing, or the issue names no payment. */
  amount: Money | null
  at: Date
}>

/** A person who has an issue for themselves until a moment. */
export type ReviewClaim = Readonly<{ by: string; until: Date }>

export type Issue = Readonly<{
  id: string
  tenant: string
  /** The id in the company's own systems; null without one. */
  externalId: string | null
  status: IssueStatus
  priority: Priority
  customerId: string
  transactionId: string | null
  details: IssueDetails
  /** Of the cases of payments only. */
  paymentCase?: PaymentCase
  /** The customer's message, masked; null without one. */
  customerMessage: string | null
  /** The decision that led to the status; null before the first one. */
  decisionId: string | null
  resolution: Resolution | null
  failure: string | null
  /** The last claim of a person on an issue that awaits a review; null without one, and once it is resolved. */
  reviewClaim: ReviewClaim | null
  /** The person who is to deal with it; null without one. */
  assignee: string | null
  /** Its place among those that wait for a person: see urgency.ts. */
  urgentAt: Date
  /** Oldest first. */
  statusHistory: readonly StatusChange[]
  /** Grows by one at every change. */
  version: number
  createdAt: Date
  updatedAt: Date
  /** Of archived issues only. */
  archivedAt?: Date
}>

/** A new state, the event that explains it, and the refund that it approves: stored together or not at all. */
export type Change = Readonly<{ issue: Issue; event: DomainEvent; refund?: TransactionChange }>

type Given = Pick<Issue, 'id' | 'priority' | 'customerId' | 'transactionId' | 'details' | 'paymentCase' | 'urgentAt'>
type Opening = Given &
  Readonly<{
    externalId?: string
    /** Masked. */
    customerMessage?: string
    /** The facts that a decision needs, as they were when the issue was created. */
    decisionCase: DecisionCase
    cause: Cause
    now: Date
  }>

export function openIssue({ decisionCase, cause, now, externalId, customerMessage, ...given }: Opening): Change {
  const issue: Issue = {
    ...given,
    tenant: cause.tenant,
    externalId: externalId ?? null,
    customerMessage: customerMessage ?? null,
    status: 'PENDING',
    decisionId: null,
    resolution: null,
    failure: null,
    ...{ reviewClaim: null, assignee: null },
    statusHistory: [{ from: null, to: 'PENDING', changedBy: cause.actor, reason: null, at: now }],
    version: 1,
    createdAt: now,
    updatedAt: now,
  }
  const event = newEvent('issue.created', {
    ...headOf(issue, cause),
    changes: {
      status: { before: null, after: 'PENDING' },
      type: { before: null, after: issue.details.type },
      priority: { before: null, after: issue.priority },
      customerId: { before: null, after: issue.customerId },
      transactionId: { before: null, after: issue.transactionId },
    },
    data: { case: decisionCase },
  })
  return { issue, event }
}

/** The fields that a transition writes beside the status. */
export type Effect = Readonly<{
  reason: string | null
  decisionId?: string
  resolution?: Omit<Resolution, 'at'>
  failure?: string | null
  refund?: TransactionChange
  /** Added to the data of the event. */
  data?: Readonly<{ review?: { action: DecisionAction; paymentId?: string }; case?: DecisionCase }>
}>

/** @throws InvalidTransitionError */
export function moveIssue(
  issue: Issue,
  to: IssueStatus,
  effect: Effect,
  { cause, now }: { cause: Cause; now: Date },
): Change {
  if (!TRANSITIONS[issue.status].includes(to)) throw new InvalidTransitionError(issue.status, to)

  const at = momentAfter(issue.updatedAt, now)
  const moved: Issue = {
    ...issue,
    status: to,
    decisionId: effect.decisionId ?? issue.decisionId,
    resolution: effect.resolution ? { ...effect.resolution, at } : issue.resolution,
    failure: effect.failure === undefined ? issue.failure : effect.failure,
    reviewClaim: null,
    statusHistory: [
      ...issue.statusHistory,
      { from: issue.status, to, changedBy: cause.actor, reason: effect.reason, at },
    ],
    version: issue.version + 1,
    updatedAt: at,
  }
  const resolvedBy = effect.resolution?.action
  const event = newEvent('issue.status_changed', {
    ...headOf(moved, cause),
    changes: {
      status: { before: issue.status, after: to },
      ...(resolvedBy && { resolution: { before: null, after: resolvedBy } }),
    },
    data: { customerId: issue.customerId, from: issue.status, to, decisionId: moved.decisionId, ...effect.data },
  })
  return { issue: moved, event, ...(effect.refund && { refund: effect.refund }) }
}

function headOf({ id, version, updatedAt: at }: Issue, cause: Cause) {
  return { id: eventIdOf(id, version), at, cause, entity: { type: 'Issue', id } } as const
}

/** Each version has one event, whose id is derived from it. */
const eventIdOf = (issueId: string, version: number) => `${issueId}-${version}`

/** The id of the decision that an issue waits for; null where it waits for none. Each attempt has another one. */
export function awaitedDecisionOf(issue: Issue): string | null {
  const askingEventId = askingEventIdOf(issue)
  return askingEventId && decisionIdOf(askingEventId)
}

/** The event that asked for the decision which an issue waits for; null where it waits for none. */
function askingEventIdOf({ id, status, version }: Issue): string | null {
  if (status === 'PENDING') return eventIdOf(id, version)
  // PROCESSING is always the version after the PENDING that asked for the decision.
  return status === 'PROCESSING' ? eventIdOf(id, version - 1) : null
}

/** Asks again for the decision that an issue waits for. Nothing for one that waits for none. */
export function overdueEvent(issue: Issue, decisionCase: DecisionCase, now: Date): DomainEvent[] {
  const askingEventId = askingEventIdOf(issue)
  if (askingEventId === null) return []
  const cause = { ...causeOfService(ACTORS.issues), tenant: issue.tenant }
  const id = `${eventIdOf(issue.id, issue.version)}-overdue-${now.getTime()}`
  const head = { ...headOf(issue, cause), id, at: now }
  return [newEvent('issue.overdue', { ...head, data: { askingEventId, case: decisionCase } })]
}

import { IssueCreated, IssueStatusChanged } from '@redress/shared/contracts.ts'
import { type DomainEvent, tracedBy } from '@redress/shared/events/envelope.ts'
import type { NewReview } from '../../domain/review.ts'
import type { NewCase } from '../use-cases/accept-cases.ts'

/** The case that an event brings to be decided, if it brings one: a new issue, or one that is tried again. */
export function toNewCase(event: DomainEvent): readonly NewCase[] {
  const origin = { eventId: event.id, requestId: event.requestId, ...tracedBy(event.trace) }
  if (event.type === 'issue.created') return [{ ...origin, case: IssueCreated.assert(event.data).case }]
  if (event.type !== 'issue.status_changed') return []
  const { case: again } = IssueStatusChanged.assert(event.data)
  return again ? [{ ...origin, case: again }] : []
}

/** What a person made of a decision, if the event tells of it. */
export function toNewReview(event: DomainEvent): readonly NewReview[] {
  if (event.type !== 'issue.status_changed') return []
  const { review, decisionId } = IssueStatusChanged.assert(event.data)
  if (!review || decisionId === null) return []
  const origin = { reviewer: event.actor, requestId: event.requestId, ...tracedBy(event.trace) }
  return [{ decisionId, action: review.action, ...origin, at: new Date(event.at) }]
}

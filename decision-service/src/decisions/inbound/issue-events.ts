import { readEvent, UnreadableEventError } from '@redress/shared/events/catalogue.ts'
import { CONSUMER_GROUPS, type DomainEvent, STREAMS, tracedBy } from '@redress/shared/events/envelope.ts'
import type { EventHandling } from '@redress/shared/service/consume-events.ts'
import type { ClientSession } from 'mongodb'
import type { NewReview } from '../../domain/review.ts'
import type { NewCase } from '../domain/job.ts'
import type { FollowIssues } from '../use-cases/follow-issues.ts'

const TYPES = ['issue.created', 'issue.status_changed'] as const

/** The content of an event of an issue: a case to decide, a review of a decision, or neither. */
type IssueUpdate = Readonly<{ newCase: NewCase | null; review: NewReview | null }>

type Dependencies = FollowIssues<ClientSession> &
  Pick<EventHandling, 'record'> &
  Readonly<{ recover: () => Promise<void> }>

/** Takes in cases and reviews from the events of issues. */
export function createIssueEvents({ accept, enqueue, recover, record }: Dependencies): EventHandling {
  return {
    streams: [STREAMS.issues],
    group: CONSUMER_GROUPS.decisions,
    isRelevant,
    apply(events, session, { isRepeat }) {
      const updates = events.map(readIssueUpdate)
      const reviews = updates.flatMap(({ review }) => review ?? [])
      return accept({ cases: toCases(updates), reviews, isRepeat }, session)
    },
    afterCommit: (events) => enqueue(toCases(events.map(readIssueUpdate))),
    recover,
    record,
  }
}

/** Whether an event brings something, by the names of its data: reading all of it is left to those who apply it. */
export function isRelevant({ type, data }: DomainEvent): boolean {
  return type === 'issue.created' || (type === 'issue.status_changed' && ('case' in data || 'review' in data))
}

const toCases = (updates: readonly IssueUpdate[]) => updates.flatMap(({ newCase }) => newCase ?? [])

/** @throws UnreadableEventError */
function readIssueUpdate(event: DomainEvent): IssueUpdate {
  const update = toIssueUpdate(event)
  if (update instanceof UnreadableEventError) throw update
  return update
}

/** Nothing comes of an event about something else. */
export function toIssueUpdate(event: DomainEvent): IssueUpdate | UnreadableEventError {
  const read = readEvent(TYPES, event)
  if (read instanceof UnreadableEventError) return read
  if (read === null) return { newCase: null, review: null }

  const { id: eventId, actor: reviewer, at, requestId, trace } = read
  const origin = { requestId, ...tracedBy(trace) }
  if (read.type === 'issue.created') return { newCase: { eventId, ...origin, case: read.data.case }, review: null }

  const { case: again, review, decisionId } = read.data
  return {
    newCase: again ? { eventId, ...origin, case: again } : null,
    review:
      review && decisionId !== null
        ? { decisionId, action: review.action, reviewer, ...origin, at: new Date(at) }
        : null,
  }
}

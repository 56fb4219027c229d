import { readEvent, UnreadableEventError } from '@redress/shared/events/catalogue.ts'
import { CONSUMER_GROUPS, type DomainEvent, STREAMS, tracedBy } from '@redress/shared/events/envelope.ts'
import type { EventHandling } from '@redress/shared/service/consume-events.ts'
import type { ClientSession } from 'mongodb'
import type { NewReview } from '../../domain/review.ts'
import type { NewCase } from '../domain/job.ts'
import type { FollowIssues } from '../use-cases/follow-issues.ts'

const TYPES = ['issue.created', 'issue.status_changed', 'issue.overdue'] as const

/** The content of an event of an issue: a case to decide, one whose decision has not come, a review, or nothing. */
type IssueUpdate = Readonly<{ newCase: NewCase | null; overdue: NewCase | null; review: NewReview | null }>

const NOTHING: IssueUpdate = { newCase: null, overdue: null, review: null }

type Dependencies = FollowIssues<ClientSession> &
  Pick<EventHandling, 'record'> &
  Readonly<{ recover: () => Promise<void> }>

/** Takes in cases and reviews from the events of issues. */
export function createIssueEvents({ accept, enqueue, recover, record }: Dependencies): Omit<EventHandling, 'list'> {
  return {
    streams: [STREAMS.issues],
    group: CONSUMER_GROUPS.decisions,
    isRelevant,
    apply(events, session, { isRepeat }) {
      const updates = events.map(readIssueUpdate)
      const reviews = updates.flatMap(({ review }) => review ?? [])
      const cases = updates.flatMap(({ newCase }) => newCase ?? [])
      const overdue = updates.flatMap(({ overdue }) => overdue ?? [])
      return accept({ cases, overdue, reviews, isRepeat }, session)
    },
    afterCommit: (events) => enqueue(toCases(events.map(readIssueUpdate))),
    recover,
    record,
  }
}

/** Whether an event brings something, by the names of its data: reading all of it is left to those who apply it. */
export function isRelevant({ type, data }: DomainEvent): boolean {
  if (type === 'issue.created' || type === 'issue.overdue') return true
  return type === 'issue.status_changed' && ('case' in data || 'review' in data)
}

/** All that may have to be queued. */
const toCases = (updates: readonly IssueUpdate[]) => updates.flatMap(({ newCase, overdue }) => newCase ?? overdue ?? [])

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
  if (read === null) return NOTHING

  const { id: eventId, actor: reviewer, at, tenant, requestId, trace } = read
  const origin = { tenant, requestId, ...tracedBy(trace) }
  if (read.type === 'issue.created') return { ...NOTHING, newCase: { eventId, ...origin, case: read.data.case } }
  if (read.type === 'issue.overdue') {
    return { ...NOTHING, overdue: { eventId: read.data.askingEventId, ...origin, case: read.data.case } }
  }

  const { case: again, review, decisionId } = read.data
  return {
    ...NOTHING,
    newCase: again ? { eventId, ...origin, case: again } : null,
    review: review && decisionId !== null ? { decisionId, ...review, reviewer, ...origin, at: new Date(at) } : null,
  }
}

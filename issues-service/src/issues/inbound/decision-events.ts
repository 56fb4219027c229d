import { ACTORS } from '@redress/shared/access/actors.ts'
import {
  type EventOf,
  type EventType,
  isOneOf,
  readEvent,
  UnreadableEventError,
} from '@redress/shared/events/catalogue.ts'
import { createPublishDeadEvents } from '@redress/shared/events/dead-letters/list-dead-events.ts'
import { CONSUMER_GROUPS, causedBy, type DomainEvent, STREAMS } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { EventHandling } from '@redress/shared/service/consume-events.ts'
import type { ClientSession } from 'mongodb'
import type { DecisionProgress } from '../domain/decision-progress.ts'
import type { DecisionUpdate, FollowDecisions } from '../use-cases/follow-decisions.ts'
import type { IssuesTransaction } from '../use-cases/ports.ts'

const TYPES = ['decision.started', 'decision.made', 'decision.failed'] as const

type Dependencies = Readonly<{
  followDecisions: FollowDecisions
  transactionIn: (session: ClientSession, tenant: string) => IssuesTransaction
  /** Follows events that are not about the decision of an issue. */
  others?: Readonly<{
    types: readonly EventType[]
    follow: (events: readonly DomainEvent[], session: ClientSession) => Promise<void>
  }>
  outbox: Outbox
}>

/** Moves issues as the decision service decides. */
export function createDecisionEvents(dependencies: Dependencies): EventHandling {
  const { followDecisions, transactionIn, others, outbox } = dependencies
  return {
    streams: [STREAMS.decisions],
    group: CONSUMER_GROUPS.issues,
    isRelevant: (event) => isOneOf([...TYPES, ...(others?.types ?? [])], event),
    async apply(events, session) {
      const byTenant = Map.groupBy(events.flatMap(readUpdates), ({ cause }) => cause.tenant)
      for (const [tenant, updates] of byTenant) await followDecisions(updates, transactionIn(session, tenant))
      await others?.follow(events, session)
    },
    afterCommit: async () => outbox.wake(),
    record: outbox.add,
    list: createPublishDeadEvents(outbox.add),
  }
}

/** @throws UnreadableEventError, upon which the consumer isolates the event. */
function readUpdates(event: DomainEvent): readonly DecisionUpdate[] {
  const update = toDecisionUpdate(event)
  if (update instanceof UnreadableEventError) throw update
  return update === null ? [] : [update]
}

/** The effect of an event of the decision service on an issue; null for an event about something else. */
export function toDecisionUpdate(event: DomainEvent): DecisionUpdate | UnreadableEventError | null {
  const read = readEvent(TYPES, event)
  if (read === null || read instanceof UnreadableEventError) return read
  return { issueId: read.data.issueId, progress: toProgress(read), cause: causedBy(event, ACTORS.decisions) }
}

function toProgress(event: EventOf<(typeof TYPES)[number]>): DecisionProgress {
  const { id: decisionId } = event.entity
  switch (event.type) {
    case 'decision.started':
      return { decisionId, kind: 'started' }
    case 'decision.made':
      return { decisionId, kind: 'made', decision: event.data }
    case 'decision.failed':
      return { decisionId, kind: 'failed', reason: event.data.reason }
  }
}

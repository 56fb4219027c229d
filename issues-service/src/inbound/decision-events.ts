import { ACTORS } from '@redress/shared/access/actors.ts'
import { BlindDecisionMade, DecisionFailed, DecisionMade, DecisionStarted } from '@redress/shared/contracts.ts'
import { CONSUMER_GROUPS, causedBy, type DomainEvent, STREAMS } from '@redress/shared/events/envelope.ts'
import type { EventHandling } from '@redress/shared/service/consume-events.ts'
import type { ClientSession } from 'mongodb'
import type { DecisionNews } from '../domain/decision-outcome.ts'
import type { FollowDecisions, IssueNews } from '../use-cases/follow-decisions.ts'
import type { IssuesTransaction } from '../use-cases/ports.ts'

const AnyDecisionMade = DecisionMade.or(BlindDecisionMade)

type Read = (data: object) => Readonly<{ issueId: string; news: DecisionNews }>

const READERS: Readonly<Record<string, Read>> = {
  'decision.started': (data) => ({ issueId: DecisionStarted.assert(data).issueId, news: { kind: 'started' } }),
  'decision.made': (data) => {
    const decision = AnyDecisionMade.assert(data)
    return { issueId: decision.issueId, news: { kind: 'made', decision } }
  },
  'decision.failed': (data) => {
    const { issueId, reason } = DecisionFailed.assert(data)
    return { issueId, news: { kind: 'failed', reason } }
  },
}

/** What an event of the decision service means for issues; nothing where it is about something else. */
export function toIssueNews(event: DomainEvent): readonly IssueNews[] {
  const read = READERS[event.type]
  return read ? [{ ...read(event.data), cause: causedBy(event, ACTORS.decisions) }] : []
}

type Dependencies = Readonly<{
  followDecisions: FollowDecisions
  transactionIn: (session: ClientSession) => IssuesTransaction
  onCommit: () => void
}>

/** Moves issues as the decision service decides. */
export function createDecisionEvents({ followDecisions, transactionIn, onCommit }: Dependencies): EventHandling {
  return {
    streams: [STREAMS.decisions],
    group: CONSUMER_GROUPS.issues,
    isRelevant: (event) => toIssueNews(event).length > 0,
    apply: (events, session) => followDecisions(events.flatMap(toIssueNews), transactionIn(session)),
    afterCommit: async () => onCommit(),
  }
}

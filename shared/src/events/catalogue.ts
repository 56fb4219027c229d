import { type Type, type } from 'arktype'
import {
  AutonomyChange,
  BlindDecisionMade,
  DecisionFailed,
  DecisionMade,
  DecisionStarted,
  IssueCreated,
  IssueOverdue,
  IssueStatusChanged,
  JobAct,
  JobUpdated,
  QueueAct,
  QueueChanged,
} from '../contracts.ts'
import { DeadLetterAdded, DeadLetterIds } from './dead-letters/dead-letter-data.ts'
import type { EntityType } from './entity-types.ts'
import { type Cause, type DomainEvent, STREAMS, type StreamName, tracedBy } from './envelope.ts'
import { CustomerErased, ErasureConfirmed } from './erasure-data.ts'
import {
  ArchiveCompleted,
  ArchiveDue,
  ArchiveRequested,
  AssignmentData,
  BacktestData,
  Measured,
  NoData,
  NoteData,
  PaymentDecided,
  PaymentEventApplied,
  PaymentSettled,
  PolicyData,
  ProviderData,
  RuleData,
  ScheduleData,
  Severity,
  TransactionChange,
} from './event-data.ts'

type Definition = Readonly<{
  /** Null for an event of any service, which goes to the stream of that service. */
  stream: StreamName | null
  /** The type of its entity; null for any. */
  entity: EntityType | null
  /** The shape of `data`. */
  data: Type<object>
}>

const { issues, decisions, audit, jobs } = STREAMS

/** Every event of Redress: the stream it is published to, the entity it is about and the shape of its data. */
export const EVENTS = {
  'issue.created': { stream: issues, entity: 'Issue', data: IssueCreated },
  'issue.status_changed': { stream: issues, entity: 'Issue', data: IssueStatusChanged },
  'issue.overdue': { stream: issues, entity: 'Issue', data: IssueOverdue },
  'issue.claimed': { stream: issues, entity: 'Issue', data: type({ customerId: 'string', until: 'string.date.iso' }) },
  'issue.released': { stream: issues, entity: 'Issue', data: type({ customerId: 'string' }) },
  'issue.assigned': { stream: issues, entity: 'Issue', data: AssignmentData },
  'issue.noted': { stream: issues, entity: 'Issue', data: NoteData },
  'customer.created': { stream: issues, entity: 'Customer', data: NoData },
  'customer.updated': { stream: issues, entity: 'Customer', data: type({ fields: 'string[]' }) },
  // Without `fields` from earlier versions, which read all of them.
  'customer.pii_read': { stream: issues, entity: 'Customer', data: type({ 'fields?': 'string[]' }) },
  // Without what was searched for: whether the value is that of a customer is personal data.
  'customers.searched': { stream: issues, entity: 'Caller', data: type({ by: "'email'", found: 'string[]' }) },
  'customer.erasure_requested': { stream: issues, entity: 'Customer', data: NoData },
  'customer.erased': { stream: issues, entity: 'Customer', data: CustomerErased },
  // Of each subgraph beside the one of issues, in its own stream.
  'customer.erasure_confirmed': { stream: null, entity: 'Customer', data: ErasureConfirmed },
  'transaction.created': { stream: issues, entity: 'Transaction', data: type({ customerId: 'string' }) },
  'transaction.updated': { stream: issues, entity: 'Transaction', data: TransactionChange },
  'payment_event.applied': { stream: issues, entity: 'PaymentEvent', data: PaymentEventApplied },
  'archive.requested': { stream: issues, entity: 'Archive', data: ArchiveRequested },
  'archive.completed': { stream: issues, entity: 'Archive', data: ArchiveCompleted },

  'archive.due': { stream: decisions, entity: 'Job', data: ArchiveDue },
  'decision.started': { stream: decisions, entity: 'Decision', data: DecisionStarted },
  'decision.made': { stream: decisions, entity: 'Decision', data: DecisionMade.or(BlindDecisionMade) },
  'decision.failed': { stream: decisions, entity: 'Decision', data: DecisionFailed },
  'decision.reviewed': {
    stream: decisions,
    entity: 'Decision',
    data: type({
      issueId: 'string',
      decisionId: 'string',
      recommended: DecisionMade.get('action'),
      chosen: DecisionMade.get('action'),
      agreement: 'string',
    }),
  },
  'autonomy.suspended': { stream: decisions, entity: 'Autonomy', data: AutonomyChange },
  'autonomy.restored': { stream: decisions, entity: 'Autonomy', data: AutonomyChange },
  'backtest.requested': { stream: decisions, entity: 'Backtest', data: BacktestData },
  'backtest.completed': { stream: decisions, entity: 'Backtest', data: BacktestData },
  'backtest.failed': { stream: decisions, entity: 'Backtest', data: BacktestData },
  'policy.proposed': { stream: decisions, entity: 'Policy', data: PolicyData },
  'policy.published': { stream: decisions, entity: 'Policy', data: PolicyData },
  'policy.rolled_back': { stream: decisions, entity: 'Policy', data: PolicyData },
  'policy.in_force': { stream: decisions, entity: 'Policy', data: PolicyData },
  'policy.trial_started': { stream: decisions, entity: 'Policy', data: PolicyData },
  'policy.trial_ended': { stream: decisions, entity: 'Policy', data: PolicyData },
  'rule.changed': { stream: decisions, entity: 'BusinessRule', data: RuleData },
  'payment.decided': { stream: decisions, entity: 'PaymentDecision', data: PaymentDecided },
  'payment.settled': { stream: decisions, entity: 'PaymentDecision', data: PaymentSettled },
  'job.retried': { stream: decisions, entity: 'Job', data: JobAct },
  'job.discarded': { stream: decisions, entity: 'Job', data: JobAct },
  'job.cancelled': { stream: decisions, entity: 'Job', data: JobAct },
  'file.downloaded': { stream: decisions, entity: 'Job', data: type({ fileName: 'string', bytes: 'number.integer' }) },
  'queue.paused': { stream: decisions, entity: 'Queue', data: QueueAct },
  'queue.resumed': { stream: decisions, entity: 'Queue', data: QueueAct },
  'queue.cleared': { stream: decisions, entity: 'Queue', data: QueueAct },
  // Of live views only: they are neither in an outbox nor in the audit log.
  'job.updated': { stream: jobs, entity: 'Job', data: JobUpdated },
  'queue.changed': { stream: jobs, entity: 'Queue', data: QueueChanged },
  'provider.stopped': { stream: decisions, entity: 'Provider', data: ProviderData },
  'provider.resumed': { stream: decisions, entity: 'Provider', data: ProviderData },
  'provider.limit_reset': { stream: decisions, entity: 'Provider', data: ProviderData },
  'schedule.changed': { stream: decisions, entity: 'Schedule', data: ScheduleData },
  'schedule.run_requested': { stream: decisions, entity: 'Schedule', data: ScheduleData },
  'alert.raised': {
    stream: null,
    entity: null,
    data: type({ type: 'string', severity: Severity, message: 'string', ...Measured }),
  },
  'alert.resolved': {
    stream: null,
    entity: null,
    // The id of the event that raised it.
    data: type({ type: 'string', raised: 'string', message: 'string', ...Measured }),
  },

  'dead_letter.added': { stream: null, entity: 'ConsumerGroup', data: DeadLetterAdded },
  // Facts of the service of the group, or of the list of all dead letters, which that service follows.
  'dead_letters.replayed': { stream: null, entity: 'ConsumerGroup', data: DeadLetterIds },
  'dead_letters.discarded': { stream: null, entity: 'ConsumerGroup', data: DeadLetterIds },

  'api_key.created': { stream: audit, entity: 'ApiKey', data: NoData },
  'api_key.revoked': { stream: audit, entity: 'ApiKey', data: NoData },
  'token.revoked': { stream: audit, entity: 'Token', data: NoData },
  // About a caller, or a network where the caller is not known.
  'login.failed': { stream: audit, entity: null, data: NoData },
  'address.banned': { stream: audit, entity: null, data: NoData },
  'access.limited': { stream: audit, entity: null, data: NoData },
  'access.denied': { stream: audit, entity: null, data: NoData },
} as const satisfies Readonly<Record<string, Definition>>

export type EventType = keyof typeof EVENTS
type DataOf<T extends EventType> = (typeof EVENTS)[T]['data']['infer']
type EntityOf<T extends EventType> = Readonly<{
  type: (typeof EVENTS)[T]['entity'] extends EntityType ? (typeof EVENTS)[T]['entity'] : EntityType
  id: string
}>

/** An event of a known type; narrows by `type`. */
export type EventOf<T extends EventType> = {
  [One in T]: Omit<DomainEvent, 'type' | 'entity' | 'data'> & { type: One; entity: EntityOf<One>; data: DataOf<One> }
}[T]

type Facts<T extends EventType> = Readonly<{
  /** Derived from what happened, so that the same fact always has the same id. */
  id: string
  /** Later than the event before it of the same entity: see `momentAfter`. */
  at: Date
  cause: Cause
  entity: EntityOf<T>
  changes?: DomainEvent['changes']
  data: DataOf<T>
}>

/** Builds an event. */
export function newEvent<T extends EventType>(type: T, { id, at, cause, entity, changes = {}, data }: Facts<T>) {
  const { actor, requestId, ip, tenant, trace } = cause
  const head = { id, type, at: at.toISOString(), actor, requestId, ip, tenant, ...tracedBy(trace) }
  return { ...head, entity, changes, data } satisfies DomainEvent as unknown as EventOf<T>
}

/** The data of an event does not have the shape of its type. A value for the reader to handle, or to throw. */
export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError'

  constructor({ id, type }: DomainEvent, problem: string) {
    super(`The data of the event ${id} (${type}) cannot be read: ${problem}`)
  }
}

/** Whether an event has one of some types. Says nothing about its data. */
export function isOneOf(types: readonly EventType[], { type }: DomainEvent): boolean {
  return (types as readonly string[]).includes(type)
}

/** Reads an event of one of some types. Never throws: null for another type, an error where the data does not fit. */
export function readEvent<T extends EventType>(
  types: readonly T[],
  event: DomainEvent,
): EventOf<T> | UnreadableEventError | null {
  if (!isOneOf(types, event)) return null
  const data: unknown = EVENTS[event.type as T].data(event.data)
  if (data instanceof type.errors) return new UnreadableEventError(event, data.summary)
  return event as unknown as EventOf<T>
}

import { type } from 'arktype'
import { DEFAULT_TENANT } from '../access/tenant.ts'

/** The streams of events, by their subject. */
export const STREAMS = {
  issues: 'events:issues',
  decisions: 'events:decisions',
  audit: 'events:audit',
  jobs: 'events:jobs',
} as const
export type StreamName = (typeof STREAMS)[keyof typeof STREAMS]

/** The streams that have a log, and go to the audit log. */
export const RECORDED_STREAMS = [STREAMS.issues, STREAMS.decisions] as const
/** The streams that have a log. That of the audit service has what happens to its dead letters, and confirmed erasures. */
export const PUBLISHED_STREAMS = [...RECORDED_STREAMS, STREAMS.audit] as const

/** Whether a stream has no log, and keeps only its latest entries: see capped-stream.ts. */
export function isCapped(stream: StreamName): boolean {
  return stream === STREAMS.jobs
}

/** The consumer group of each service. Every group gets every event of the streams it reads. */
export const CONSUMER_GROUPS = { issues: 'issues', decisions: 'decisions', audit: 'audit' } as const

/** The groups that apply each stream: an event is kept until all of them have applied it. */
export const GROUPS_OF_STREAM: Readonly<Record<StreamName, readonly string[]>> = {
  [STREAMS.issues]: [CONSUMER_GROUPS.decisions, CONSUMER_GROUPS.audit],
  [STREAMS.decisions]: [CONSUMER_GROUPS.issues, CONSUMER_GROUPS.audit],
  [STREAMS.audit]: [CONSUMER_GROUPS.issues, CONSUMER_GROUPS.decisions],
  [STREAMS.jobs]: [],
}

const Change = type({ before: 'unknown', after: 'unknown' })

/**
 * A fact that happened to one entity, as it travels on a stream. It never holds PII.
 * The id is derived from what happened (entity and version), so that a repetition is recognised.
 */
const StoredEvent = type({
  id: 'string > 0',
  type: 'string > 0',
  /** RFC 3339, UTC; strictly later than the event before it of the same entity. */
  at: 'string.date.iso',
  actor: 'string > 0',
  requestId: 'string | null',
  ip: 'string | null',
  /** Missing in events that are older than tenants. */
  'tenant?': 'string > 0',
  /** The W3C traceparent of its cause, with tracing. */
  'trace?': 'string',
  entity: { type: 'string > 0', id: 'string > 0' },
  /** The changes by field, for the audit log. */
  changes: type({ '[string]': Change }),
  /** The data that consumers need to act. Its shape depends on `type`: see the catalogue. */
  data: 'object',
})
export type DomainEvent = typeof StoredEvent.infer & { tenant: string }

/** The event in the text of a stream entry; null if it is none. */
export function parseEvent(text: string): DomainEvent | null {
  try {
    const event = StoredEvent(JSON.parse(text))
    if (event instanceof type.errors) return null
    event.tenant ??= DEFAULT_TENANT
    return event as DomainEvent
  } catch {
    return null
  }
}

/** The actor of a change and its tenant, with the request and the trace it is a part of. */
export type Cause = Readonly<{
  actor: string
  requestId: string | null
  ip: string | null
  tenant: string
  trace?: string
}>

/** The cause of a change that a service makes to the installation, for no tenant in particular. */
export function causeOfService(actor: string): Cause {
  return { actor, requestId: null, ip: null, tenant: DEFAULT_TENANT }
}

/** The cause of a change that a service makes in response to an event. */
export function causedBy(event: Pick<DomainEvent, 'requestId' | 'tenant' | 'trace'>, actor: string): Cause {
  return { actor, requestId: event.requestId, ip: null, tenant: event.tenant, ...tracedBy(event.trace) }
}

/** The `trace` of an event, or nothing without tracing. */
export function tracedBy(trace: string | null | undefined): { trace?: string } {
  return trace ? { trace } : {}
}

/** The changes of an event about a new entity: nothing was there before. */
export function asNew(facts: Readonly<Record<string, unknown>>): DomainEvent['changes'] {
  return Object.fromEntries(Object.entries(facts).map(([name, after]) => [name, { before: null, after }]))
}

/** The moment of the next event of an entity: now, but later than the event before it even if the clock is behind. */
export function momentAfter(previous: Date | null, now: Date): Date {
  return previous !== null && now <= previous ? new Date(previous.getTime() + 1) : now
}

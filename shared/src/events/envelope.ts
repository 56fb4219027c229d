import { type } from 'arktype'

/** The stream that carries the events of each service. */
export const STREAMS = { issues: 'events:issues', decisions: 'events:decisions' } as const
export type StreamName = (typeof STREAMS)[keyof typeof STREAMS]

/** The consumer group of each service. Every group gets every event of the streams it reads. */
export const CONSUMER_GROUPS = { issues: 'issues', decisions: 'decisions', audit: 'audit' } as const

const Change = type({ before: 'unknown', after: 'unknown' })

/**
 * A fact that happened to one entity, as it travels on a stream. It never holds PII.
 * The id is derived from what happened (entity and version), so that saying it twice is the same as once.
 */
export const DomainEvent = type({
  id: 'string > 0',
  type: 'string > 0',
  /** RFC 3339, UTC; strictly later than the event before it of the same entity. */
  at: 'string.date.iso',
  actor: 'string > 0',
  requestId: 'string | null',
  ip: 'string | null',
  /** The W3C traceparent of what caused it, where traces are made. */
  'trace?': 'string',
  entity: { type: 'string > 0', id: 'string > 0' },
  /** What the event changed, by field, for the record. */
  changes: type({ '[string]': Change }),
  /** What consumers need to act; its shape goes with `type`. */
  data: 'object',
})
export type DomainEvent = typeof DomainEvent.infer

/** Who caused a change, by which request, and as part of which trace. */
export type Cause = Readonly<{ actor: string; requestId: string | null; ip: string | null; trace?: string }>

/** The cause of what a service does by itself in answer to an event. */
export function causedBy(event: DomainEvent, actor: string): Cause {
  return { actor, requestId: event.requestId, ip: null, ...tracedBy(event.trace) }
}

/** The field of an event that tells its trace; none where there is no trace. */
export function tracedBy(trace: string | null | undefined): { trace?: string } {
  return trace ? { trace } : {}
}

/** The changes of an event that tells of something new: there was nothing before. */
export function asNew(facts: Readonly<Record<string, unknown>>): DomainEvent['changes'] {
  return Object.fromEntries(Object.entries(facts).map(([name, after]) => [name, { before: null, after }]))
}

/** A moment for the next event of an entity: now, but always after the event before it, whatever the clocks say. */
export function momentAfter(previous: Date | null, now: Date): Date {
  return previous !== null && now <= previous ? new Date(previous.getTime() + 1) : now
}

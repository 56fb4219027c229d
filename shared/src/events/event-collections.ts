import { defineCollection } from '../stores/collections.ts'
import type { StreamName } from './envelope.ts'

/**
 * Committed events that are not in the event log yet: those of one transaction and one moment, as texts exactly as they
 * are published. `_id` is that of the first one.
 */
export type OutboxDocument = { _id: string; at: Date; events: string[] }

/** Consecutive events that were sealed together; `_id` is the sequence of the first, `last` that of the last. */
export type SegmentDocument = { _id: number; last: number; epoch: string; events: string[]; sealedAt: Date }

/**
 * How far a group has applied the stream of this service, as it last reported; `_id` is the group. `alertedFor` is the
 * `reportedAt` of the last absence that an alert was raised for.
 */
export type GroupDocument = { _id: string; epoch: string | null; sequence: number; reportedAt: Date; alertedFor?: Date }

/** How far this service has applied a stream, with the digest of that entry; `_id` is its group and the stream. */
export type PositionDocument = { _id: string; epoch: string | null; sequence: number; digest?: string | null }

/** An event that could not be applied; `nextAttemptAt` is null for a dead letter, which nothing tries again. */
export type DeadEvent = {
  _id: string
  group: string
  stream: StreamName
  sequence: number
  /** The entity that the event is about, and its type; null where the text is not an event. */
  entity: string | null
  eventType: string | null
  text: string
  reason: string
  attempts: number
  nextAttemptAt: Date | null
  at: Date
  /** Of a dead letter that is in the list of all services. */
  listed?: true
}

/** When a group last raised an alert of a kind; `_id` is the group and the kind. */
export type EventAlertDocument = { _id: string; at: Date }

/** Events of transactions that were committed, until the relay moves them to the log. */
export const OUTBOX = defineCollection<OutboxDocument>({
  name: 'outbox',
  indexes: [{ key: { at: 1, _id: 1 }, name: 'in_order' }],
})

/** The events that a service has published. Kept a day, and until all groups have applied them. */
export const EVENT_LOG = defineCollection<SegmentDocument>({
  name: 'event_log',
  indexes: [{ key: { sealedAt: 1 }, name: 'by_age' }],
})

/** The groups that apply the log of a service. */
export const EVENT_LOG_GROUPS = defineCollection<GroupDocument>({ name: 'event_log_groups' })

/** The positions of the consumer group of a service. */
export const EVENT_POSITIONS = defineCollection<PositionDocument>({ name: 'event_positions' })

/** The last alerts of the consumer group of a service. */
export const EVENT_ALERTS = defineCollection<EventAlertDocument>({ name: 'event_alerts' })

/** Events that a consumer group could not apply: those that are tried again, and dead letters. */
export const DEAD_EVENTS = defineCollection<DeadEvent>({
  name: 'dead_events',
  indexes: [
    { key: { group: 1, nextAttemptAt: 1, stream: 1, sequence: 1 }, name: 'waiting' },
    { key: { group: 1, at: -1, _id: -1 }, name: 'newest_first' },
  ],
})

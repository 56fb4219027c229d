import { defineCollection } from '../stores/collections.ts'
import { DAY_SECONDS } from '../time.ts'

export type OutboxDocument = {
  _id: string
  at: Date
  published: boolean
  publishedAt?: Date
  /** The text of the event, exactly as it is published. */
  event: string
}

/** `_id` is the id of an event that was applied. */
export type InboxDocument = { _id: string; at: Date }

/** An event that could not be applied, with the reason. */
export type DeadEvent = { _id: string; group: string; text: string; reason: string; at: Date }

/** Events to be published, and those published within a day, to be published again if Redis is lost. */
export const OUTBOX = defineCollection<OutboxDocument>({
  name: 'outbox',
  indexes: [{ key: { at: 1, _id: 1 }, name: 'unpublished', partialFilterExpression: { published: false } }],
  retention: { field: 'publishedAt', seconds: DAY_SECONDS, index: 'expiry' },
})

/** Ids of the events that a consumer group has applied, kept longer than an event can be delivered again. */
export const inboxOf = (group: string) =>
  defineCollection<InboxDocument>({
    name: `inbox_${group}`,
    retention: { field: 'at', seconds: 7 * DAY_SECONDS, index: 'at_1' },
  })

/** Dead letters: events that a consumer group has given up on. */
export const DEAD_EVENTS = defineCollection<DeadEvent>({ name: 'dead_events' })

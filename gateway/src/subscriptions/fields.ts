import { EVENTS, type EventOf, type EventType } from '@redress/shared/events/catalogue.ts'
import type { StreamName } from '@redress/shared/events/envelope.ts'

/** The payload of a subscription field for an event. */
export type FieldEvent = Readonly<{
  issueId: string
  /** The customer of the issue; null if the event does not name one. */
  customerId: string | null
  /** The new status of the issue; null for other events. */
  to: string | null
  /** The fields of the GraphQL type that are particular to the event. */
  fields: Readonly<Record<string, unknown>>
}>

/** Null for an event that subscribers must not see. */
type ToFieldEvent<T extends EventType> = (event: EventOf<T>) => FieldEvent | null

type FieldDefinition = Readonly<{
  /** The first letter of its cursors. Clients store cursors, so it is never changed or given to another field. */
  cursorLetter: string
  /** Resource and action of the permission that it needs. */
  permission: string
  /** Whether its events name a customer, so that a caller may follow only their own. */
  isOwned: boolean
  /** The events that it consists of: all of one stream, since a cursor is a place in one stream. */
  events: Readonly<{ [T in EventType]?: ToFieldEvent<T> }>
}>

/**
 * The fields of the type Subscription. Streams, cursors, permissions, groups and counts are derived from this table.
 */
export const FIELDS = {
  issueStatusChanged: {
    cursorLetter: 'i',
    permission: 'issue:read',
    isOwned: true,
    events: {
      'issue.created': ({ entity, actor, data }) => ({
        issueId: entity.id,
        customerId: data.case.customer.id,
        to: 'PENDING',
        fields: { from: null, to: 'PENDING', changedBy: actor },
      }),
      'issue.status_changed': ({ entity, actor, data: { customerId, from, to } }) => ({
        issueId: entity.id,
        customerId,
        to,
        fields: { from, to, changedBy: actor },
      }),
    },
  },
  decisionMade: {
    cursorLetter: 'd',
    permission: 'decision:read',
    isOwned: false,
    events: {
      'decision.made': ({ data }) => {
        // A decision that awaits a blind review is not shown to anyone.
        if ('blind' in data) return null
        const { issueId, decisionId, action, confidence, routing, policyApplied } = data
        const decision = { __typename: 'Decision', id: decisionId }
        return { issueId, customerId: null, to: null, fields: { decision, action, confidence, routing, policyApplied } }
      },
    },
  },
} satisfies Readonly<Record<string, FieldDefinition>>

export type SubscriptionField = keyof typeof FIELDS

export const FIELD_NAMES = Object.keys(FIELDS) as readonly SubscriptionField[]

/** A record with a value for each field. */
export function byField<T>(create: (field: SubscriptionField) => T): Record<SubscriptionField, T> {
  return Object.fromEntries(FIELD_NAMES.map((field) => [field, create(field)])) as Record<SubscriptionField, T>
}

const eventTypesOf = (field: SubscriptionField) => Object.keys(FIELDS[field].events) as readonly EventType[]

/** The stream of each field. */
export const STREAM_OF_FIELD: Readonly<Record<SubscriptionField, StreamName>> = byField((field) => {
  const [stream, ...others] = new Set(eventTypesOf(field).map((type) => EVENTS[type].stream))
  if (stream === undefined || stream === null || others.length > 0)
    throw new Error(`The events of ${field} are not those of one stream.`)
  return stream
})

/** The streams that have a field. */
export const STREAMS_OF_FIELDS: readonly StreamName[] = [...new Set(Object.values(STREAM_OF_FIELD))]

/** The fields that consist of events of a stream. */
export function fieldsOf(stream: StreamName): readonly SubscriptionField[] {
  return FIELD_NAMES.filter((field) => STREAM_OF_FIELD[field] === stream)
}

export type FieldReader = Readonly<{ field: SubscriptionField; read: (event: EventOf<EventType>) => FieldEvent | null }>

const READERS = Map.groupBy(
  FIELD_NAMES.flatMap((field) =>
    Object.entries(FIELDS[field].events).map(([type, read]) => ({ type, field, read: read as FieldReader['read'] })),
  ),
  ({ type }) => type,
)

/** The fields that an event of this type belongs to, with their readers. */
export function readersOf(type: string): readonly FieldReader[] {
  return READERS.get(type) ?? []
}

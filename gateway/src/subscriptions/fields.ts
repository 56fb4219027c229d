import { EVENTS, type EventOf, type EventType } from '@redress/shared/events/catalogue.ts'
import type { StreamName } from '@redress/shared/events/envelope.ts'

/** The payload of a subscription field for an event. */
export type FieldEvent = Readonly<{
  /** The field of the payload that says what the event is about, and its value, such as `issueId`. */
  subject: Readonly<Record<string, string>>
  /** The customer or the principal whose event it is; null if it has no owner. */
  owner: string | null
  /** What the arguments of the field are compared with, by their names: an event lacks one that it does not fit. */
  filters: Readonly<Record<string, string | null>>
  /** The fields of the GraphQL type that are particular to the event. */
  fields: Readonly<Record<string, unknown>>
}>

/** Null for an event that subscribers must not see. */
type ToFieldEvent<T extends EventType> = (event: EventOf<T>) => FieldEvent | null

export type FieldDefinition = Readonly<{
  /** The first letter of its cursors. Clients store cursors, so it is never changed or given to another field. */
  cursorLetter: string
  /** Resource and action of the permission that it needs. */
  permission: string
  /** Resource and action of the permission to see the events of all owners. Default: `permission`. */
  permissionForAll?: string
  /** The owner that its events name: those with `permission` only follow what is their own. Null: events have none. */
  owner: 'customer' | 'principal' | null
  /** The events that it consists of: all of one stream, since a cursor is a place in one stream. */
  events: Readonly<{ [T in EventType]?: ToFieldEvent<T> }>
}>

const ofIssue = (id: string) => ({ subject: { issueId: id }, entity: { issue: { __typename: 'Issue', id } } })

type IssueMove = Readonly<{ id: string; customerId: string; from: string | null; to: string; changedBy: string }>

function toIssueMove({ id, customerId, from, to, changedBy }: IssueMove): FieldEvent {
  const { subject, entity } = ofIssue(id)
  const filters = { issueId: id, customerId, to }
  return { subject, owner: customerId, filters, fields: { ...entity, from, to, changedBy } }
}

/**
 * The fields of the type Subscription. Streams, cursors, permissions, groups and counts are derived from this table.
 */
export const FIELDS = {
  issueStatusChanged: {
    cursorLetter: 'i',
    permission: 'issue:read',
    owner: 'customer',
    events: {
      'issue.created': ({ entity: { id }, actor, data }) =>
        toIssueMove({ id, customerId: data.case.customer.id, from: null, to: 'PENDING', changedBy: actor }),
      'issue.status_changed': ({ entity: { id }, actor, data: { customerId, from, to } }) =>
        toIssueMove({ id, customerId, from, to, changedBy: actor }),
    },
  },
  decisionMade: {
    cursorLetter: 'd',
    permission: 'decision:read',
    owner: null,
    events: {
      'decision.made': ({ data }) => {
        // A decision that awaits a blind review is not shown to anyone.
        if ('blind' in data) return null
        const { issueId, decisionId, action, confidence, routing, policyApplied } = data
        const { subject, entity } = ofIssue(issueId)
        const decision = { __typename: 'Decision', id: decisionId }
        const fields = { ...entity, decision, action, confidence, routing, policyApplied }
        return { subject, owner: null, filters: { issueId }, fields }
      },
    },
  },
  jobUpdated: {
    cursorLetter: 'j',
    permission: 'job:read',
    permissionForAll: 'job:read_all',
    owner: 'principal',
    events: {
      'job.updated': ({ entity: { id }, data: { jobType: type, queue, addedBy, ...rest } }) => ({
        subject: { jobId: id },
        owner: addedBy,
        filters: { id, type },
        fields: { type, queueName: queue, ...rest },
      }),
    },
  },
  queueChanged: {
    cursorLetter: 'q',
    permission: 'queue:read',
    owner: null,
    events: {
      'queue.changed': ({ entity: { id: name }, data: { paused, ...counts } }) => ({
        subject: { name },
        owner: null,
        filters: { name },
        fields: { queue: { __typename: 'Queue', name }, paused, counts },
      }),
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

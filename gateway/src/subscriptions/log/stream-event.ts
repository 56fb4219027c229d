import { DecisionMade, IssueCreated, IssueStatusChanged } from '@redress/shared/contracts.ts'
import { DomainEvent, type PublishedStream, STREAMS } from '@redress/shared/events/envelope.ts'
import { type } from 'arktype'
import type { SubscriptionField } from '../prepared-subscription.ts'
import { toCursorText } from './cursor.ts'

/** Something that subscribers of one field are told. */
export type StreamEvent = Readonly<{
  field: SubscriptionField
  entryId: string
  /** The same wherever the event is published again. */
  eventId: string
  cursor: string
  atMs: number
  issueId: string
  /** Whose issue it is; null where the event does not say. */
  customerId: string | null
  /** The status that an issue reached; null for anything else. */
  to: string | null
  /** The fields of the GraphQL type. */
  fields: Readonly<Record<string, unknown>>
}>

export const FIELD_OF_STREAM: Readonly<Record<PublishedStream, SubscriptionField>> = {
  [STREAMS.issues]: 'issueStatusChanged',
  [STREAMS.decisions]: 'decisionMade',
}
export const STREAM_OF_FIELD: Readonly<Record<SubscriptionField, PublishedStream>> = {
  issueStatusChanged: STREAMS.issues,
  decisionMade: STREAMS.decisions,
}

/** An entry of a stream, with what its text turned out to be. */
export type Entry = Readonly<{
  id: string
  text: string
  /** Null where the text is no event. */
  eventId: string | null
  /** Null where subscribers are told nothing. */
  event: StreamEvent | null
}>

/** What is particular to one type of event, once its data is checked. */
type Told = Pick<StreamEvent, 'issueId' | 'customerId' | 'to'> & Readonly<{ fields: Record<string, unknown> }>

const TOLD: Readonly<Record<string, (event: DomainEvent) => Told | null>> = {
  'issue.created': ({ entity, actor, data }) => {
    const created = IssueCreated(data)
    if (created instanceof type.errors) return null
    const fields = { from: null, to: 'PENDING', changedBy: actor }
    return { issueId: entity.id, customerId: created.case.customer.id, to: 'PENDING', fields }
  },
  'issue.status_changed': ({ entity, actor, data }) => {
    const changed = IssueStatusChanged(data)
    if (changed instanceof type.errors) return null
    const { customerId, from, to } = changed
    return { issueId: entity.id, customerId, to, fields: { from, to, changedBy: actor } }
  },
  'decision.made': ({ data }) => {
    const made = DecisionMade(data)
    if (made instanceof type.errors) return null
    const { issueId, decisionId, action, confidence, routing, policyApplied } = made
    const decision = { __typename: 'Decision', id: decisionId }
    return { issueId, customerId: null, to: null, fields: { decision, action, confidence, routing, policyApplied } }
  },
}

export function readEntry(stream: PublishedStream, id: string, text: string): Entry {
  const domainEvent = readDomainEvent(text)
  const event = domainEvent && toStreamEvent(FIELD_OF_STREAM[stream], id, domainEvent)
  return { id, text, eventId: domainEvent?.id ?? null, event }
}

function readDomainEvent(text: string): DomainEvent | null {
  try {
    const event = DomainEvent(JSON.parse(text))
    return event instanceof type.errors ? null : event
  } catch {
    return null
  }
}

/** Null for other types of event, and for data of the wrong shape. */
function toStreamEvent(field: SubscriptionField, entryId: string, event: DomainEvent): StreamEvent | null {
  const told = TOLD[event.type]?.(event) ?? null
  // Each stream carries the events of one service, and each field tells of one stream.
  if (told === null || (told.to === null) !== (field === 'decisionMade')) return null

  const { issueId, customerId, to } = told
  const cursor = toCursorText(field, { entryId, eventId: event.id })
  const fields = { cursor, issueId, issue: { __typename: 'Issue', id: issueId }, ...told.fields, at: event.at }
  return { field, entryId, eventId: event.id, cursor, atMs: Date.parse(event.at), issueId, customerId, to, fields }
}

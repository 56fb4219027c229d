import { EVENTS, type EventType, readEvent, UnreadableEventError } from '@redress/shared/events/catalogue.ts'
import { type DomainEvent, parseEvent, type StreamName } from '@redress/shared/events/envelope.ts'
import { type FieldEvent, readersOf, type SubscriptionField } from '../fields.ts'
import { toCursorText } from './cursor.ts'

/** An event as subscribers of one field receive it. */
export type StreamEvent = Readonly<{
  field: SubscriptionField
  entryId: string
  /** The same if the event is published again. */
  eventId: string
  cursor: string
  atMs: number
}> &
  FieldEvent

/** An entry of a stream, parsed. */
export type Entry = Readonly<{
  id: string
  /** The epoch of the log that the entry was published from. */
  epoch: string
  text: string
  /** Null if the text is not an event; so is `atMs`. */
  eventId: string | null
  atMs: number | null
  /** One for each field that the event belongs to; none for an event that is not published to subscribers. */
  events: readonly StreamEvent[]
}>

const NONE: Entry['events'] = []

export type EntryText = Readonly<{ id: string; epoch: string; text: string }>

export function readEntry(stream: StreamName, entry: EntryText): Entry {
  const event = parseEvent(entry.text)
  if (event === null) return { ...entry, eventId: null, atMs: null, events: NONE }
  return { ...entry, eventId: event.id, atMs: Date.parse(event.at), events: toStreamEvents(stream, entry, event) }
}

/** None for events without a field, for those on a stream that is not theirs, and for data that cannot be read. */
function toStreamEvents(stream: StreamName, entry: EntryText, event: DomainEvent): Entry['events'] {
  const readers = readersOf(event.type)
  const type = event.type as EventType
  if (readers.length === 0 || EVENTS[type].stream !== stream) return NONE
  const read = readEvent([type], event)
  if (read === null || read instanceof UnreadableEventError) return NONE
  return readers.flatMap((reader) => {
    const found = reader.read(read)
    return found === null ? [] : [toStreamEvent(reader.field, entry, event, found)]
  })
}

function toStreamEvent(
  field: SubscriptionField,
  { id: entryId, epoch }: EntryText,
  { id: eventId, at }: DomainEvent,
  found: FieldEvent,
): StreamEvent {
  const cursor = toCursorText(field, { entryId, eventId, epoch })
  const fields = { cursor, ...found.subject, ...found.fields, at }
  return { ...found, field, entryId, eventId, cursor, atMs: Date.parse(at), fields }
}

import { CursorExpiredError, CursorInvalidError } from '../errors.ts'
import type { After } from '../log/cursor.ts'
import { createRememberedIds, type RememberedIds } from '../log/remembered-ids.ts'
import type { Entry, StreamEvent } from '../log/stream-event.ts'
import { isOfInterest } from './interest.ts'
import type { Group } from './subscriber.ts'

/** Events are published after they happen, by the clock of another process, so reading begins before the moment. */
const CLOCKS_APART_MS = 60_000
const REMEMBERED_MAX = 20_000

/** How far one subscriber has read while catching up. */
export type Reading = {
  readonly after: After
  /** Read last; as long as it is on the stream, no entry after it was lost. */
  last: Entry | null
  fromId: string
  readonly fromMs: number
  readonly seen: RememberedIds
}

export function beginReading(after: After): Reading {
  const seen = createRememberedIds(REMEMBERED_MAX)
  if ('cursor' in after) {
    seen.add(after.cursor.eventId)
    return { after, last: null, fromId: after.cursor.entryId, fromMs: 0, seen }
  }
  const fromMs = after.momentMs
  return { after, last: null, fromId: `${Math.max(0, fromMs - CLOCKS_APART_MS)}-0`, fromMs, seen }
}

/**
 * Advances the reading by a page and returns its new entries. A page begins with the entry that was read last.
 * @throws CursorExpiredError if that entry is gone. @throws CursorInvalidError
 */
export function advance(reading: Reading, entries: readonly Entry[]): readonly Entry[] {
  const { after, last } = reading
  const [first] = entries
  if (last !== null) {
    if (first?.id !== last.id || first.text !== last.text) throw new CursorExpiredError()
  } else if ('cursor' in after) {
    if (first?.id !== after.cursor.entryId) throw new CursorExpiredError()
    if (first.eventId !== after.cursor.eventId) throw new CursorInvalidError()
  }
  const added = last !== null || 'cursor' in after ? entries.slice(1) : entries
  const end = entries.at(-1)
  if (end !== undefined) {
    reading.last = end
    reading.fromId = end.id
  }
  return added
}

/** The events of some entries that a group wants, each once. */
export function wantedEvents(
  entries: readonly Entry[],
  { fromMs, seen }: Reading,
  { prepared, interest }: Group,
): readonly StreamEvent[] {
  return entries.flatMap(({ eventId, events }) => {
    if (eventId === null || !seen.add(eventId)) return []
    return events.filter(
      (event) => event.field === prepared.field && event.atMs >= fromMs && isOfInterest(interest, event),
    )
  })
}

import { toEntryId, toSequence } from '@redress/shared/events/log/event-stream.ts'
import { CursorExpiredError, CursorInvalidError } from '../errors.ts'
import type { After } from '../log/cursor.ts'
import type { Entry, StreamEvent } from '../log/stream-event.ts'
import type { StreamState } from '../log/stream-log.ts'
import { isOfInterest } from './interest.ts'
import type { Group } from './subscriber.ts'

/** Events are published after they happen, by the clock of another process, so reading begins before the moment. */
const CLOCKS_APART_MS = 60_000

/** How far one subscriber has read while catching up. */
export type Reading = {
  /** The entry that was read last; while it is on the stream, no entry after it was lost. */
  last: Readonly<{ id: string; eventId: string | null; epoch: string | null }> | null
  fromId: string
  readonly fromMs: number
}

/**
 * @param findMoment gives the id of the first entry at or after a moment; null if it may be gone.
 * @throws CursorExpiredError
 */
export async function beginReading(
  after: After,
  findMoment: (momentMs: number) => Promise<string | null>,
): Promise<Reading> {
  if ('cursor' in after) {
    const { entryId, eventId, epoch } = after.cursor
    return { last: { id: entryId, eventId, epoch }, fromId: entryId, fromMs: 0 }
  }
  const { momentMs } = after
  const fromId = (await findMoment(momentMs - CLOCKS_APART_MS)) ?? (await findMoment(momentMs))
  if (fromId === null) throw new CursorExpiredError()
  return { last: null, fromId, fromMs: momentMs }
}

/** The id of the last entry that was read, or of the one before the first to read. */
export function reachedBy({ last, fromId }: Reading): string {
  return last?.id ?? toEntryId(toSequence(fromId) - 1)
}

/**
 * Whether a stream that lacks the entry that was read last will get it back from its relay: it was lost whole, or it
 * belongs to the log in which the entry is. The relay does so once it and its database are there again.
 */
export function isAwaited({ last }: Reading, state: StreamState | null): boolean {
  return state === null || last === null || last.epoch === state.epoch
}

/**
 * Advances the reading by a page and returns its new entries. A page begins with the entry that was read last.
 * @throws CursorExpiredError if that entry is gone, with its log where another one has another event there.
 * @throws CursorInvalidError if it is another event of the same log.
 */
export function advance(reading: Reading, entries: readonly Entry[]): readonly Entry[] {
  const { last } = reading
  const [first] = entries
  if (last !== null && first?.id !== last.id) throw new CursorExpiredError()
  if (last !== null && first?.eventId !== last.eventId) {
    throw last.epoch === null || last.epoch === first?.epoch ? new CursorInvalidError() : new CursorExpiredError()
  }
  const end = entries.at(-1)
  if (end !== undefined) {
    reading.last = end
    reading.fromId = end.id
  }
  return last === null ? entries : entries.slice(1)
}

/** The events of some entries that a group wants. */
export function wantedEvents(
  entries: readonly Entry[],
  { fromMs }: Reading,
  { prepared, interest }: Group,
): readonly StreamEvent[] {
  return entries.flatMap(({ events }) =>
    events.filter((event) => event.field === prepared.field && event.atMs >= fromMs && isOfInterest(interest, event)),
  )
}

import { setTimeout as pause } from 'node:timers/promises'
import { compareEntryIds } from '@redress/shared/events/entry-id.ts'
import type { PublishedStream } from '@redress/shared/events/envelope.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { CursorExpiredError, CursorInvalidError, SlowReaderError } from '../errors.ts'
import {
  ANSWERS_AT_ONCE_PER_GROUP_MAX,
  CATCH_UP_BUFFERED_BYTES_MAX,
  CATCH_UP_STALLED_MS,
  PAGE_EVENTS,
  PAGES_AT_ONCE_MAX,
} from '../limits.ts'
import type { After } from '../log/cursor.ts'
import { createRememberedIds, type RememberedIds } from '../log/remembered-ids.ts'
import { type Entry, STREAM_OF_FIELD, type StreamEvent } from '../log/stream-event.ts'
import type { StreamLog } from '../log/stream-log.ts'
import type { StreamTail } from '../log/stream-tail.ts'
import type { Answers } from './answers.ts'
import type { Deliver } from './delivery.ts'
import { isOfInterest } from './interest.ts'
import { createConcurrencyLimit } from './limit-concurrency.ts'
import type { Subscriber } from './subscriber.ts'

/** Events are published later than they happen, and by another clock; so reading begins a little before the moment. */
const CLOCKS_APART_MS = 60_000
const REMEMBERED_MAX = 20_000
const RETRY_MS = 200

type Options = Readonly<{
  log: StreamLog
  tail: StreamTail
  answers: Answers
  deliver: Deliver
  logger: Logger
}>

/** How far a subscriber has read: the last entry, whose presence proves that none behind it was lost. */
type Reading = { last: Entry | null; fromId: string; fromMs: number; seen: RememberedIds }

/**
 * Gives a subscriber what it missed, page by page, and lets it join the live events at the exact entry where the pages
 * end. Resolves then, or when the subscriber has gone.
 */
export type CatchUp = (subscriber: Subscriber, after: After) => Promise<void>

/** What it returns rejects with CursorExpiredError, CursorInvalidError or SlowReaderError. */
export function createCatchUp({ log, tail, answers, deliver, logger }: Options): CatchUp {
  const limit = createConcurrencyLimit(PAGES_AT_ONCE_MAX)

  return async (subscriber, after) => {
    const { field } = subscriber.group.prepared
    const stream = STREAM_OF_FIELD[field]
    /** Redis may be away for a while; the subscriber waits with us. */
    const patiently = async <Result>(read: () => Promise<Result>): Promise<Result | null> => {
      while (subscriber.isOpen) {
        try {
          return await limit.run(read)
        } catch (err) {
          logger.warn({ err, stream }, 'stream not readable')
          await pause(RETRY_MS)
        }
      }
      return null
    }

    if ('momentMs' in after) {
      const reaches = await patiently(() => log.reachesBackTo(stream, after.momentMs))
      if (reaches === false) throw new CursorExpiredError()
    }
    const reading = beginAt(after)
    while (subscriber.isOpen) {
      const positionBefore = tail.positionOf(stream)
      // One more than a page: the entry behind which it reads on is asked for with it, and must still be there.
      const entries = await patiently(() => log.readPage(stream, reading.fromId, PAGE_EVENTS + 1))
      if (entries === null) return
      const news = newsAmong(entries, reading, after)
      rememberRead(news, stream)
      await giveAll(subscriber, eventsAmong(news, reading, subscriber))

      const position = tail.positionOf(stream)
      const read = reading.last?.id ?? '0-0'
      // The last page was read after the tail had come to `positionBefore`, so it held all up to there.
      const hasAll = position === positionBefore || compareEntryIds(read, position) >= 0
      if (entries.length > PAGE_EVENTS || !hasAll) continue
      // From here to the end nothing is awaited: what the tail reads next is the first live event.
      subscriber.readUntil = compareEntryIds(read, position) > 0 ? read : null
      subscriber.fromSequence = tail.sequence()
      return
    }
  }

  /** What is still before the tail it must tell to all others, so that is not for us to remember. */
  function rememberRead(entries: readonly Entry[], stream: PublishedStream) {
    const position = tail.positionOf(stream)
    for (const { id, eventId } of entries) {
      if (compareEntryIds(id, position) > 0) return
      if (eventId !== null) tail.remember(stream, eventId)
    }
  }

  async function giveAll(subscriber: Subscriber, events: readonly StreamEvent[]) {
    for (let at = 0; at < events.length; at += ANSWERS_AT_ONCE_PER_GROUP_MAX) {
      const few = events.slice(at, at + ANSWERS_AT_ONCE_PER_GROUP_MAX)
      const texts = await Promise.all(few.map((event) => answers.answer(subscriber.group.prepared, event)))
      for (const [index, event] of few.entries()) {
        if (!subscriber.isOpen) return
        await untilTaken(subscriber)
        if (!deliver(subscriber, event, texts[index]!)) return
      }
    }
  }
}

function beginAt(after: After): Reading {
  const seen = createRememberedIds(REMEMBERED_MAX)
  if ('cursor' in after) {
    seen.isNew(after.cursor.eventId)
    return { last: null, fromId: after.cursor.entryId, fromMs: 0, seen }
  }
  const fromMs = after.momentMs
  return { last: null, fromId: `${Math.max(0, fromMs - CLOCKS_APART_MS)}-0`, fromMs, seen }
}

/** @throws CursorExpiredError when the entry that was read last is gone. @throws CursorInvalidError */
function newsAmong(entries: readonly Entry[], reading: Reading, after: After): readonly Entry[] {
  const [first] = entries
  if (reading.last !== null) {
    if (first?.id !== reading.last.id || first.text !== reading.last.text) throw new CursorExpiredError()
  } else if ('cursor' in after) {
    if (first?.id !== after.cursor.entryId) throw new CursorExpiredError()
    if (first.eventId !== after.cursor.eventId) throw new CursorInvalidError()
  }
  const news = reading.last !== null || 'cursor' in after ? entries.slice(1) : entries
  const last = entries.at(-1)
  if (last !== undefined) {
    reading.last = last
    reading.fromId = last.id
  }
  return news
}

function eventsAmong(entries: readonly Entry[], { fromMs, seen }: Reading, { group }: Subscriber) {
  return entries.flatMap(({ eventId, event }) => {
    if (eventId === null || !seen.isNew(eventId)) return []
    return event !== null && event.atMs >= fromMs && isOfInterest(group.interest, event) ? [event] : []
  })
}

/** Who reads slowly is not sent more than a little at a time; who does not read at all is let go. */
async function untilTaken({ sink, cursor }: Subscriber): Promise<void> {
  if (sink.bufferedBytes() <= CATCH_UP_BUFFERED_BYTES_MAX) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => reject(new SlowReaderError(cursor)), CATCH_UP_STALLED_MS)
  sink.whenDrained(resolve)
  await promise.finally(() => clearTimeout(timer))
}

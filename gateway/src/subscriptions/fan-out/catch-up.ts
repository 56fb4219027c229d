import { setTimeout as pause } from 'node:timers/promises'
import { compareEntryIds } from '@redress/shared/events/entry-id.ts'
import { isCapped } from '@redress/shared/events/envelope.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { backoffMs } from '@redress/shared/resilience/backoff.ts'
import { CursorExpiredError, SlowReaderError } from '../errors.ts'
import { STREAM_OF_FIELD } from '../fields.ts'
import {
  ANSWERS_AT_ONCE_PER_GROUP_MAX,
  CATCH_UP_BUFFERED_BYTES_MAX,
  CATCH_UP_STALLED_MS,
  PAGE_EVENTS,
  PAGES_AT_ONCE_MAX,
} from '../limits.ts'
import type { After } from '../log/cursor.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { StreamLog } from '../log/stream-log.ts'
import type { StreamTail } from '../log/stream-tail.ts'
import type { Answers } from './answers.ts'
import type { Deliver } from './delivery.ts'
import { type ConcurrencyLimit, createConcurrencyLimit } from './limit-concurrency.ts'
import { advance, beginReading, isAwaited, reachedBy, wantedEvents } from './reading.ts'
import type { Subscriber } from './subscriber.ts'

/** The waits after failures. */
const FAILED_WAIT = { firstMs: 200, maxMs: 2_000 }
/** The waits for a stream that is filled again. */
const REFILL_WAIT = { firstMs: 200, maxMs: 200 }
/** A wait that begins later than this after the one before it follows progress. */
const PROGRESS_MS = 2 * REFILL_WAIT.maxMs
/** How long a subscriber waits for an entry that a stream has lost and gets back from its relay, which may be away. */
const REFILL_MS = 300_000
/** The same for an entry of another epoch, or of a cursor that names none: the log may have lost it. */
const UNKNOWN_MS = 2_000

type Options = Readonly<{
  log: StreamLog
  tail: StreamTail
  answers: Answers
  deliver: Deliver
  logger: Logger
}>

/**
 * Sends a subscriber the events that it missed, page by page, and makes it live at the exact entry where the pages end.
 * Resolves then, or when the subscription has ended.
 */
export type CatchUp = (subscriber: Subscriber, after: After) => Promise<void>

/** The returned iterator rejects with CursorExpiredError, CursorInvalidError or SlowReaderError. */
export function createCatchUp(options: Options): CatchUp {
  const { log, tail } = options
  const readPatiently = createPatientReader(createConcurrencyLimit(PAGES_AT_ONCE_MAX), options.logger)

  return async (subscriber, after) => {
    const { group } = subscriber
    const stream = STREAM_OF_FIELD[group.prepared.field]
    const reading = await beginReading(after, (momentMs) =>
      readPatiently(subscriber, () => log.findMoment(stream, momentMs)),
    )
    const waitForRefill = createPatience()
    while (subscriber.isOpen) {
      const positionBefore = tail.positionOf(stream)
      // One more than a page: each page begins with the last entry of the one before, which must still be there.
      const entries = await readPatiently(subscriber, () => log.readPage(stream, reading.fromId, PAGE_EVENTS + 1))
      if (entries === null) return
      // The stream ends before an entry that was on it: its relay is about to fill it again.
      const isLastMissing = reading.last !== null && entries.length === 0
      const hasNew = entries.length > (reading.last === null ? 0 : 1)
      const isCut = !hasNew && compareEntryIds(reachedBy(reading), positionBefore) < 0
      // Redis became an older copy: its relay is about to replace what a log that was restored since has lost.
      const isOfOtherLog = entries.some(({ epoch }) => epoch !== tail.epochOf(stream))
      if (isCut || isLastMissing || isOfOtherLog) {
        const state = await readPatiently(subscriber, () => log.readState(stream))
        // Nothing fills a capped stream again.
        await waitForRefill(!isCapped(stream) && isAwaited(reading, state))
        continue
      }
      await deliverAll(subscriber, wantedEvents(advance(reading, entries), reading, group), options)

      const position = tail.positionOf(stream)
      const reached = reachedBy(reading)
      if (entries.length > PAGE_EVENTS || compareEntryIds(reached, position) < 0) continue
      // Nothing is awaited from here on: the next entry that the tail reads is the first live one.
      subscriber.readUntil = compareEntryIds(reached, position) > 0 ? reached : null
      subscriber.fromSequence = tail.sequence()
      return
    }
  }
}

/**
 * Waits a little for a stream that is filled again, each time it is called without progress in between.
 * Rejects with CursorExpiredError when that takes too long.
 */
function createPatience() {
  let beganAtMs = 0
  let calledAtMs = Number.NEGATIVE_INFINITY
  return async (isSure: boolean): Promise<void> => {
    const nowMs = performance.now()
    if (nowMs > calledAtMs + PROGRESS_MS) beganAtMs = nowMs
    if (nowMs > beganAtMs + (isSure ? REFILL_MS : UNKNOWN_MS)) throw new CursorExpiredError()
    await pause(backoffMs(1, REFILL_WAIT))
    calledAtMs = performance.now()
  }
}

/** Retries a read while Redis is unavailable. Its result is null if the subscription ends meanwhile. */
function createPatientReader(limit: ConcurrencyLimit, logger: Logger) {
  return async <Result>(subscriber: Subscriber, read: () => Promise<Result>): Promise<Result | null> => {
    for (let failures = 0; subscriber.isOpen; ) {
      try {
        return await limit.run(read)
      } catch (err) {
        logger.warn({ err, field: subscriber.group.prepared.field }, 'stream not readable')
        await pause(backoffMs(++failures, FAILED_WAIT))
      }
    }
    return null
  }
}

async function deliverAll(
  subscriber: Subscriber,
  events: readonly StreamEvent[],
  { answers, deliver }: Pick<Options, 'answers' | 'deliver'>,
): Promise<void> {
  for (let at = 0; at < events.length; at += ANSWERS_AT_ONCE_PER_GROUP_MAX) {
    const few = events.slice(at, at + ANSWERS_AT_ONCE_PER_GROUP_MAX)
    const texts = await Promise.all(few.map((event) => answers.answer(subscriber.group.prepared, event)))
    for (const [index, event] of few.entries()) {
      if (!subscriber.isOpen) return
      await untilDrained(subscriber)
      if (!deliver(subscriber, event, texts[index]!)) return
    }
  }
}

/** @throws SlowReaderError if the client has not read what was sent within CATCH_UP_STALLED_MS. */
async function untilDrained({ sink, cursor }: Subscriber): Promise<void> {
  if (sink.bufferedBytes() <= CATCH_UP_BUFFERED_BYTES_MAX) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => reject(new SlowReaderError(cursor)), CATCH_UP_STALLED_MS)
  sink.whenDrained(resolve)
  await promise.finally(() => clearTimeout(timer))
}

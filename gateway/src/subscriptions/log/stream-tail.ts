import { setTimeout as pause } from 'node:timers/promises'
import type { StreamName } from '@redress/shared/events/envelope.ts'
import { type BlockingReader, createBlockingReader } from '@redress/shared/events/log/blocking-reader.ts'
import { toSequence } from '@redress/shared/events/log/event-stream.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { backoffMs } from '@redress/shared/resilience/backoff.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { STREAMS_OF_FIELDS } from '../fields.ts'
import { PAGE_EVENTS } from '../limits.ts'
import type { Entry, StreamEvent } from './stream-event.ts'
import type { RawEntry, StreamLog, StreamState } from './stream-log.ts'

/** The waits after failures; the random part keeps gateways from coming back to Redis together. */
const FAILED_WAIT = { firstMs: 100, maxMs: 2_000 }
/** Entries of one stream must not keep the tail from noticing that another one has a new epoch. */
const RECHECK_MS = 2_000

export type StreamTail = Readonly<{
  /** Resolves once every event that is published from now on will be passed on. Waits while Redis is unavailable. */
  start: () => Promise<void>
  stop: () => void
  /** The id of the last entry that was read. Changes only together with passing on its events. */
  positionOf: (stream: StreamName) => string
  /** The epoch of the log that it follows. */
  epochOf: (stream: StreamName) => string | null
  /** The number of events that were passed on. */
  sequence: () => number
}>

type Options = Readonly<{
  redis: Redis
  log: StreamLog
  /** Takes the event at once; the promise resolves when the next event may follow. */
  onEvent: (event: StreamEvent, sequence: number) => Promise<void> | undefined
  /** Events were lost that will not be published again. */
  onLost: (stream: StreamName) => void
  logger: Logger
}>

/** One period from start to stop. What is left of an earlier one ends when it is no longer the current one. */
type Run = { readonly reader: BlockingReader; started: Promise<void> }

type Tail = Options & {
  /** The last entry of each stream that was read, and its epoch. */
  places: Map<StreamName, StreamState>
  sequence: number
  run: Run | null
}

/**
 * Follows the streams for the whole process, on a connection of its own, and passes each event on once. An entry has the
 * same id when a lost stream is filled again, so the position alone says what was passed on.
 */
export function createStreamTail(options: Options): StreamTail {
  const tail: Tail = { ...options, places: new Map(), sequence: 0, run: null }
  return {
    sequence: () => tail.sequence,
    epochOf: (stream) => tail.places.get(stream)?.epoch ?? null,
    positionOf: (stream) => tail.places.get(stream)?.headId ?? '0-0',
    start() {
      if (tail.run === null) {
        const run: Run = { reader: createBlockingReader(options), started: Promise.resolve() }
        tail.run = run
        run.started = begin(tail, run)
      }
      return tail.run.started
    },
    stop() {
      tail.run?.reader.close()
      tail.run = null
    },
  }
}

async function begin(tail: Tail, run: Run): Promise<void> {
  const { log, logger } = tail
  for (let failures = 0; tail.run === run; ) {
    try {
      const places = await Promise.all(
        STREAMS_OF_FIELDS.map(async (stream) => [stream, await findEnd(log, stream)] as const),
      )
      if (tail.run !== run) return
      tail.places = new Map(places)
      void follow(tail, run)
      return
    } catch (err) {
      logger.warn({ err }, 'streams not readable')
      await pause(backoffMs(++failures, FAILED_WAIT))
    }
  }
}

async function follow(tail: Tail, run: Run): Promise<void> {
  let mustRecheck = false
  let checkedAtMs = performance.now()
  let failures = 0
  while (tail.run === run) {
    try {
      if (mustRecheck || performance.now() > checkedAtMs + RECHECK_MS) {
        await Promise.all(STREAMS_OF_FIELDS.map((stream) => recheck(tail, run, stream)))
        checkedAtMs = performance.now()
      }
      mustRecheck = !(await readNext(tail, run))
      failures = 0
    } catch (err) {
      if (tail.run !== run) return
      tail.logger.warn({ err }, 'streams not readable')
      mustRecheck = true
      await pause(backoffMs(++failures, FAILED_WAIT))
    }
  }
}

/** Reads and passes on the next entries. False if there were none for a while. */
async function readNext(tail: Tail, run: Run): Promise<boolean> {
  const wanted = STREAMS_OF_FIELDS.map((stream) => ({ key: stream, id: tail.places.get(stream)!.headId }))
  const read = await run.reader.read(wanted, PAGE_EVENTS)
  for (const { name, messages } of read) {
    for (const message of messages) {
      if (tail.run !== run) return true
      await take(tail, name, message)
    }
  }
  return read.length > 0
}

/** Not async: position, sequence and the handling of the events must change in one step, or subscribers miss events. */
function take(tail: Tail, stream: StreamName, raw: RawEntry): Promise<void> | undefined {
  const { id, epoch, events }: Entry = tail.log.toEntry(stream, raw)
  const { epoch: epochBefore, headId } = tail.places.get(stream)!
  if (epoch !== epochBefore || toSequence(id) > toSequence(headId) + 1) tail.onLost(stream)
  tail.places.set(stream, { epoch, headId: id })
  let untilReady: Promise<void> | undefined
  for (const event of events) untilReady = tail.onEvent(event, ++tail.sequence) ?? untilReady
  return untilReady
}

/** After a pause or a lost connection: a log that was restored from an older copy has other events at these ids. */
async function recheck(tail: Tail, run: Run, stream: StreamName): Promise<void> {
  const state = await tail.log.readState(stream)
  if (tail.run !== run || state === null || state.epoch === tail.places.get(stream)!.epoch) return
  tail.places.set(stream, state)
  tail.onLost(stream)
}

/** The end of a stream. Throws while the stream is lost: its entries are not new when it is filled again. */
async function findEnd(log: StreamLog, stream: StreamName): Promise<StreamState> {
  const state = await log.readState(stream)
  if (state === null) throw new Error(`${stream} is not there yet.`)
  return state
}

import { setTimeout as pause } from 'node:timers/promises'
import { compareEntryIds } from '@redress/shared/events/entry-id.ts'
import { PUBLISHED_STREAMS, type PublishedStream } from '@redress/shared/events/envelope.ts'
import { REPUBLISH_MS } from '@redress/shared/events/stream-retention.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { PAGE_EVENTS, REMEMBERED_IDS_MAX } from '../limits.ts'
import { createRememberedIds } from './remembered-ids.ts'
import type { Entry, StreamEvent } from './stream-event.ts'
import type { RawEntry, StreamLog } from './stream-log.ts'

const BLOCK_MS = 2_000
/** A connection that says nothing for so long after BLOCK_MS is dead, whatever the network says. */
const SILENT_MS = 3_000
const PAUSE_MS = 100
/** The newest events at the start, whose ids are known from then on. */
const LOOKED_BACK = 1_000

export type StreamTail = Readonly<{
  /** Resolves once every event that is published from now on will come. Waits for a Redis that is away. */
  start: () => Promise<void>
  stop: () => void
  /** The last entry that was read. Changes only together with the events that are handed on. */
  positionOf: (stream: PublishedStream) => string
  /** Counts the events that were handed on. */
  sequence: () => number
  /** Somebody was told of an event that came before all that the tail has read: if it comes again, it is no news. */
  remember: (stream: PublishedStream, eventId: string) => void
}>

type Options = Readonly<{
  redis: Redis
  log: StreamLog
  /** Takes the event at once; the promise says when the next one may come. */
  onEvent: (event: StreamEvent, sequence: number) => Promise<void> | undefined
  /** The stream begins anew: ids of entries from before mean nothing any more. */
  onReset: (stream: PublishedStream) => void
  /** Events are gone that nobody will publish again. */
  onLost: (stream: PublishedStream) => void
  logger: Logger
}>

type Place = { position: string; epoch: string | null; seen: ReturnType<typeof createRememberedIds> }

/**
 * Follows both streams for the whole process, on a connection of its own, and hands each event on once, however often
 * it was published. Goes on where it was when Redis comes back.
 */
export function createStreamTail({ redis, log, onEvent, onReset, onLost, logger }: Options): StreamTail {
  let places = new Map<PublishedStream, Place>()
  let sequence = 0
  let lastReadAtMs = 0
  /** The run that counts; each start makes a new one, and what is left of an older one ends by itself. */
  let run: { reader: Redis | null; started: Promise<void> } | null = null

  const look = async (stream: PublishedStream): Promise<Place> => {
    const [epoch, newest] = await Promise.all([log.readEpoch(stream), log.readBack(stream, LOOKED_BACK)])
    const seen = createRememberedIds(REMEMBERED_IDS_MAX)
    for (const { eventId } of newest) if (eventId !== null) seen.isNew(eventId)
    return { position: newest[0]?.id ?? '0-0', epoch, seen }
  }

  const begin = async (self: NonNullable<typeof run>) => {
    while (run === self) {
      try {
        const found = await Promise.all(PUBLISHED_STREAMS.map(async (stream) => [stream, await look(stream)] as const))
        if (run !== self) return
        places = new Map(found)
        lastReadAtMs = Date.now()
        void follow(self)
        return
      } catch (err) {
        logger.warn({ err }, 'streams not readable')
        await pause(PAUSE_MS)
      }
    }
  }

  const follow = async (self: NonNullable<typeof run>) => {
    let isDoubtful = false
    while (run === self) {
      try {
        if (isDoubtful) await Promise.all(PUBLISHED_STREAMS.map((stream) => recheck(self, stream)))
        // Known before it is connected, so that it can be stopped while Redis is away.
        if (self.reader === null) {
          self.reader = createReader(redis, logger)
          await self.reader.connect()
        }
        if (run !== self) break
        isDoubtful = !(await readNext(self, self.reader))
      } catch (err) {
        if (run !== self) break
        logger.warn({ err }, 'streams not readable')
        isDoubtful = true
        self.reader?.destroy()
        self.reader = null
        await pause(PAUSE_MS)
      }
    }
    self.reader?.destroy()
  }

  const readNext = async (self: unknown, reader: Redis): Promise<boolean> => {
    const wanted = PUBLISHED_STREAMS.map((stream) => ({ key: stream, id: places.get(stream)!.position }))
    const reading = reader.xRead(wanted, { BLOCK: BLOCK_MS, COUNT: PAGE_EVENTS })
    const reply = ((await within(BLOCK_MS + SILENT_MS, reading)) ?? []) as unknown as readonly Read[]
    lastReadAtMs = Date.now()
    for (const { name, messages } of reply) {
      for (const message of messages) {
        if (run !== self) return true
        await take(name, log.toEntry(name, message))
      }
    }
    return reply.length > 0
  }

  /** Not async: position, sequence and what is done with the event change in one step, or those who join lose some. */
  const take = (stream: PublishedStream, { id, eventId, event }: Entry): Promise<void> | undefined => {
    const place = places.get(stream)!
    place.position = id
    if (eventId === null || !place.seen.isNew(eventId)) return undefined
    return event === null ? undefined : onEvent(event, ++sequence)
  }

  /** After silence or a lost connection: a stream that was lost may begin with lower ids than those we know. */
  const recheck = async (self: unknown, stream: PublishedStream) => {
    const [epoch, [newest]] = await Promise.all([log.readEpoch(stream), log.readBack(stream, 1)])
    if (run !== self) return
    const place = places.get(stream)!
    const isLost = epoch !== null && place.epoch !== null && epoch !== place.epoch
    place.epoch = epoch ?? place.epoch
    if (isLost || newest === undefined || compareEntryIds(newest.id, place.position) < 0) {
      place.position = '0-0'
      onReset(stream)
    }
    if (isLost && lastReadAtMs < Date.parse(epoch) - REPUBLISH_MS) onLost(stream)
  }

  return {
    sequence: () => sequence,
    remember: (stream, eventId) => void places.get(stream)?.seen.isNew(eventId),
    positionOf: (stream) => places.get(stream)?.position ?? '0-0',
    start() {
      if (run === null) {
        const self = { reader: null, started: Promise.resolve() }
        run = self
        self.started = begin(self)
      }
      return run.started
    },
    stop() {
      run?.reader?.destroy()
      run = null
    },
  }
}

type Read = { name: PublishedStream; messages: readonly RawEntry[] }

function createReader(redis: Redis, logger: Logger): Redis {
  const reader = redis.duplicate()
  reader.on('error', (err: unknown) => logger.warn({ err }, 'redis connection lost'))
  return reader
}

async function within<Value>(ms: number, call: Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`Redis said nothing for ${ms} ms.`)), ms)
  try {
    return await Promise.race([call, promise])
  } finally {
    clearTimeout(timer)
  }
}

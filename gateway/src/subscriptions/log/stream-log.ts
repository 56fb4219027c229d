import { createCappedStream } from '@redress/shared/events/capped-stream.ts'
import { isCapped, type StreamName } from '@redress/shared/events/envelope.ts'
import { stateKey, toEntryId, toSequence } from '@redress/shared/events/log/event-stream.ts'
import { createSingleFlight } from '@redress/shared/resilience/single-flight.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { LRUCache } from 'lru-cache'
import { ENTRIES_KEPT_MAX } from '../limits.ts'
import { findFirst } from './find-first.ts'
import { type Entry, readEntry } from './stream-event.ts'

/** The streams in Redis, read without a consumer group, so that no other reader is affected. */
export type StreamLog = Readonly<{
  /** Entries from `fromId` (inclusive), oldest first. Concurrent calls for the same page share one. */
  readPage: (stream: StreamName, fromId: string, count: number) => Promise<readonly Entry[]>
  /** Parses an entry. Parsed entries are cached, since many subscribers read the same ones. */
  toEntry: (stream: StreamName, raw: RawEntry) => Entry
  /** Null while the stream is lost, until its relay fills it again. A capped stream is not: it begins anew. */
  readState: (stream: StreamName) => Promise<StreamState | null>
  /**
   * The id of the first entry whose event happened at `momentMs` or later; of the next entry to come if there is none.
   * Null if such an entry may have been removed from the stream.
   */
  findMoment: (stream: StreamName, momentMs: number) => Promise<string | null>
}>

/** `headId` is the id of the newest entry that was ever on the stream, also while the stream is filled again. */
export type StreamState = Readonly<{ epoch: string; headId: string }>

export type RawEntry = Readonly<{ id: unknown; message: Readonly<Record<string, unknown>> }>

export function createStreamLog(redis: Redis): StreamLog {
  const toEntry = createParser()
  const readPage = createSingleFlight(async (_key, stream: StreamName, fromId: string, count: number) => {
    const entries = await redis.xRange(stream, fromId, '+', { COUNT: count })
    return (entries ?? []).map((raw) => toEntry(stream, raw))
  })

  return {
    toEntry,
    readPage: (stream, fromId, count) => readPage(`${stream} ${fromId} ${count}`, stream, fromId, count),
    readState: (stream) => readState(redis, stream),
    async findMoment(stream, momentMs) {
      const readAt = async (id: string) => (await readPage(`${stream} ${id} 1`, stream, id, 1))[0]
      const first = await readAt('-')
      if (first === undefined) return isCapped(stream) ? null : toEntryId(1)
      const from = toSequence(first.id)
      if (from > 1 && first.atMs !== null && first.atMs > momentMs) return null
      const to = (await readLast(redis, stream)) + 1
      const isAfter = async (sequence: number) => ((await readAt(toEntryId(sequence)))?.atMs ?? momentMs) >= momentMs
      return toEntryId(await findFirst({ from, to }, isAfter))
    },
  }
}

/** The sequence of the last entry; 0 for an empty stream. */
async function readLast(redis: Redis, stream: StreamName): Promise<number> {
  const [last] = (await redis.xRevRange(stream, '+', '-', { COUNT: 1 })) ?? []
  return last === undefined ? 0 : toSequence(last.id)
}

async function readState(redis: Redis, stream: StreamName): Promise<StreamState | null> {
  const [{ epoch, rebuiltTo }, last] = await Promise.all([redis.hGetAll(stateKey(stream)), readLast(redis, stream)])
  if (epoch === undefined && isCapped(stream)) {
    await createCappedStream(redis, stream).append([])
    return readState(redis, stream)
  }
  return epoch === undefined ? null : { epoch, headId: toEntryId(Math.max(Number(rebuiltTo), last)) }
}

function createParser(): StreamLog['toEntry'] {
  const known = new LRUCache<string, Entry>({ max: ENTRIES_KEPT_MAX })
  return (stream, { id, message }) => {
    const key = `${stream} ${id}`
    const [epoch, text] = [String(message.epoch ?? ''), String(message.event ?? '')]
    const found = known.get(key)
    // In another epoch of the log another event may have the same id.
    if (found?.text === text && found.epoch === epoch) return found
    const entry = readEntry(stream, { id: String(id), epoch, text })
    known.set(key, entry)
    return entry
  }
}

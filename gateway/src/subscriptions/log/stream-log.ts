import type { StreamName } from '@redress/shared/events/envelope.ts'
import { REPUBLISH_MS } from '@redress/shared/events/stream-retention.ts'
import { createSingleFlight } from '@redress/shared/resilience/single-flight.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { LRUCache } from 'lru-cache'
import { ENTRIES_KEPT_MAX } from '../limits.ts'
import { type Entry, readEntry } from './stream-event.ts'

/** The streams in Redis, read without a consumer group, so that no other reader is affected. */
export type StreamLog = Readonly<{
  /** Entries from `fromId` (inclusive), oldest first. Concurrent calls for the same page share one. */
  readPage: (stream: StreamName, fromId: string, count: number) => Promise<readonly Entry[]>
  /** The newest entries, newest first. */
  readBack: (stream: StreamName, count: number) => Promise<readonly Entry[]>
  /** Parses an entry. Parsed entries are cached, since many subscribers read the same ones. */
  toEntry: (stream: StreamName, raw: RawEntry) => Entry
  /** An id that is created and lost together with the stream; null while there is none. */
  readEpoch: (stream: StreamName) => Promise<string | null>
  /** Whether every event that happened at `momentMs` or later is on the stream, or will be published again. */
  reachesBackTo: (stream: StreamName, momentMs: number) => Promise<boolean>
}>

export type RawEntry = Readonly<{ id: unknown; message: Readonly<Record<string, unknown>> }>

export function createStreamLog(redis: Redis): StreamLog {
  const toEntry = createParser()
  const readPage = createSingleFlight(async (_key, stream: StreamName, fromId: string, count: number) => {
    const entries = await redis.xRange(stream, fromId, '+', { COUNT: count })
    return (entries ?? []).map((raw) => toEntry(stream, raw))
  })
  const readEpoch = (stream: StreamName) => redis.get(`epoch:${stream}`)

  return {
    toEntry,
    readEpoch,
    readPage: (stream, fromId, count) => readPage(`${stream} ${fromId} ${count}`, stream, fromId, count),
    async readBack(stream, count) {
      const entries = await redis.xRevRange(stream, '+', '-', { COUNT: count })
      return (entries ?? []).map((raw) => toEntry(stream, raw))
    },
    async reachesBackTo(stream, momentMs) {
      const [epoch, { firstMs, trimmedUntilMs }] = await Promise.all([readEpoch(stream), readBounds(redis, stream)])
      if (firstMs !== null && firstMs <= momentMs) return true
      // Only entries before the first one can have been trimmed.
      if (trimmedUntilMs !== null && momentMs <= trimmedUntilMs) return false
      // A stream without an epoch was just lost: its events are about to be published again.
      return momentMs >= (epoch === null ? Date.now() : Date.parse(epoch)) - REPUBLISH_MS
    },
  }
}

function createParser(): StreamLog['toEntry'] {
  const known = new LRUCache<string, Entry>({ max: ENTRIES_KEPT_MAX })
  return (stream, { id, message }) => {
    const key = `${stream} ${id}`
    const text = String(message.event ?? '')
    const found = known.get(key)
    // After a loss of Redis another event may have the same id.
    if (found?.text === text) return found
    const entry = readEntry(stream, String(id), text)
    known.set(key, entry)
    return entry
  }
}

/** When the first entry was added, and up to when entries may have been trimmed; null for neither. */
type Bounds = Readonly<{ firstMs: number | null; trimmedUntilMs: number | null }>

async function readBounds(redis: Redis, stream: StreamName): Promise<Bounds> {
  if ((await redis.exists(stream)) === 0) return { firstMs: null, trimmedUntilMs: null }
  const info = await redis.xInfoStream(stream)
  const first = info['first-entry']?.id
  const firstMs = first === undefined ? null : msOf(String(first))
  // Before version 7 Redis does not count added entries; then some may have been trimmed.
  const added = info['entries-added'] as number | undefined
  const isWhole = added !== undefined && Number(added) === Number(info.length)
  return { firstMs, trimmedUntilMs: isWhole ? null : (firstMs ?? msOf(String(info['last-generated-id']))) }
}

const msOf = (entryId: string) => Number(entryId.split('-')[0])

import type { PublishedStream } from '@redress/shared/events/envelope.ts'
import { REPUBLISH_MS } from '@redress/shared/events/stream-retention.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { LRUCache } from 'lru-cache'
import { ENTRIES_KEPT_MAX } from '../limits.ts'
import { type Entry, readEntry } from './stream-event.ts'

/** What Redis holds of a stream, read without a group: nobody else notices. */
export type StreamLog = Readonly<{
  /** Entries from `fromId` (itself included) on, oldest first. Calls for the same page share one. */
  readPage: (stream: PublishedStream, fromId: string, count: number) => Promise<readonly Entry[]>
  /** The newest entries, newest first. */
  readBack: (stream: PublishedStream, count: number) => Promise<readonly Entry[]>
  /** What Redis says an entry is. Entries are read by many who missed the same ones, and understood once. */
  toEntry: (stream: PublishedStream, raw: RawEntry) => Entry
  /** A word that lives and dies with the stream; null while there is none. */
  readEpoch: (stream: PublishedStream) => Promise<string | null>
  /** Whether every event that happened at `momentMs` or later is still there, or will be again. */
  reachesBackTo: (stream: PublishedStream, momentMs: number) => Promise<boolean>
}>

export type RawEntry = Readonly<{ id: unknown; message: Readonly<Record<string, unknown>> }>

export function createStreamLog(redis: Redis): StreamLog {
  const known = new LRUCache<string, Entry>({ max: ENTRIES_KEPT_MAX })
  const pages = new Map<string, Promise<readonly Entry[]>>()

  const toEntry = (stream: PublishedStream, { id, message }: RawEntry): Entry => {
    const key = `${stream} ${id}`
    const text = String(message.event ?? '')
    const found = known.get(key)
    // After a loss of Redis another event may have the same id.
    if (found?.text === text) return found
    const entry = readEntry(stream, String(id), text)
    known.set(key, entry)
    return entry
  }

  const readEpoch = (stream: PublishedStream) => redis.get(`epoch:${stream}`)

  return {
    toEntry,
    readEpoch,
    readPage(stream, fromId, count) {
      const key = `${stream} ${fromId} ${count}`
      const running = pages.get(key)
      if (running) return running
      const page = redis
        .xRange(stream, fromId, '+', { COUNT: count })
        .then((entries) => (entries ?? []).map((raw) => toEntry(stream, raw)))
        .finally(() => pages.delete(key))
      pages.set(key, page)
      return page
    },
    async readBack(stream, count) {
      const entries = await redis.xRevRange(stream, '+', '-', { COUNT: count })
      return (entries ?? []).map((raw) => toEntry(stream, raw))
    },
    async reachesBackTo(stream, momentMs) {
      const [epoch, facts] = await Promise.all([readEpoch(stream), readFacts(redis, stream)])
      if (facts.firstMs !== null && facts.firstMs <= momentMs) return true
      // Only what came before the first entry can have been taken off. All that came later is there.
      if (facts.takenOffUntilMs !== null && momentMs <= facts.takenOffUntilMs) return false
      // A stream without an epoch was lost just now: what it had is about to be published again.
      return momentMs >= (epoch === null ? Date.now() : Date.parse(epoch)) - REPUBLISH_MS
    },
  }
}

type Facts = Readonly<{ firstMs: number | null; takenOffUntilMs: number | null }>

async function readFacts(redis: Redis, stream: PublishedStream): Promise<Facts> {
  if ((await redis.exists(stream)) === 0) return { firstMs: null, takenOffUntilMs: null }
  const info = await redis.xInfoStream(stream)
  const first = info['first-entry']?.id
  const firstMs = first === undefined ? null : msOf(String(first))
  // Before Redis 7 nobody counts what was added; then something may have been taken off.
  const added = info['entries-added'] as number | undefined
  const isWhole = added !== undefined && Number(added) === Number(info.length)
  return { firstMs, takenOffUntilMs: isWhole ? null : (firstMs ?? msOf(String(info['last-generated-id']))) }
}

const msOf = (entryId: string) => Number(entryId.split('-')[0])

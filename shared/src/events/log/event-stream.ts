import type { Redis } from '../../stores/redis.ts'
import type { StreamName } from '../envelope.ts'
import { type LogEntry, type LogHead, type Position, START } from './log-entry.ts'

/**
 * The last entry of a stream. Its text belongs to it: a stream of Redis and a log that became older copies may end with
 * the same sequence of the same epoch and have different events there.
 */
export type StreamEnd = Position & Readonly<{ text: string }>

/** The end of an empty stream. */
export const EMPTY: StreamEnd = { ...START, text: '' }

/** Where a stream ends after an append, and whether all entries were appended: it may have ended there before. */
export type Appended = Readonly<{ end: StreamEnd; isComplete: boolean }>

/**
 * The part of a log that Redis holds for readers. An entry's id is its sequence, so that publishing an entry again gives
 * it the same id, and a reader that has passed it never meets it twice.
 */
export type EventStream = Readonly<{
  /**
   * Appends entries if the stream ends with `after`, and otherwise nothing. Null where Redis has lost the stream together
   * with its state, or has an empty one of another epoch.
   */
  append: (after: StreamEnd, epoch: string, entries: readonly LogEntry[]) => Promise<Appended | null>
  /**
   * Empties the stream, to be filled again from the sequence `from` up to `head`. Readers that begin meanwhile begin
   * behind `head`.
   */
  rebuild: (head: LogHead, oldest: number) => Promise<void>
  /** The sequence of its first entry; null where it is empty. */
  readFirst: () => Promise<number | null>
  /** Notes the oldest entry that the log still has, for readers that wait for an older one; nothing on a lost stream. */
  setOldest: (oldest: number) => Promise<void>
  /** The text of one entry; null where the stream has none of this sequence. */
  readText: (sequence: number) => Promise<string | null>
  /** Removes entries below `sequence`; Redis removes whole blocks only, so some stay. The last one always stays. */
  trim: (sequence: number) => Promise<void>
}>

/**
 * KEYS: stream, state. ARGV: epoch, then id, epoch and text of the entry with which the stream should end, then pairs of
 * id and text. Returns 1, or the entry with which the stream ends instead. XADD refuses an id that an entry had which was
 * deleted; XSETID makes the last entry's id the last one given.
 */
const APPEND = `
local begun = redis.call('HGET', KEYS[2], 'epoch')
if not begun then return false end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local id, epoch, text = '0-0', '', ''
if last then id, epoch, text = last[1], last[2][2], last[2][4] elseif begun ~= ARGV[1] then return false end
if id ~= ARGV[2] or epoch ~= ARGV[3] or text ~= ARGV[4] then return {id, epoch, text} end
for i = 5, #ARGV, 2 do
  local added = redis.pcall('XADD', KEYS[1], ARGV[i], 'epoch', ARGV[1], 'event', ARGV[i + 1])
  if added.err then
    redis.call('XSETID', KEYS[1], id)
    redis.call('XADD', KEYS[1], ARGV[i], 'epoch', ARGV[1], 'event', ARGV[i + 1])
  end
  id = ARGV[i]
end
return 1`

/** Without an epoch beside it, the state would look like that of a stream that is there. */
const SET_OLDEST = `if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'oldest', ARGV[1]) end`

const APPENDED_MAX = 500

export function createEventStream(redis: Redis, stream: StreamName): EventStream {
  const append = createAppend(redis, stream)

  return {
    async append(after, epoch, entries) {
      let appended = await append(after, epoch, entries.slice(0, APPENDED_MAX))
      for (let from = APPENDED_MAX; from < entries.length; from += APPENDED_MAX) {
        if (!appended?.isComplete) return appended
        appended = await append(appended.end, epoch, entries.slice(from, from + APPENDED_MAX))
      }
      return appended
    },
    async rebuild({ epoch, sequence }, oldest) {
      const state = { epoch, rebuiltTo: String(sequence), oldest: String(oldest) }
      await redis.multi().del(stream).hSet(stateKey(stream), state).exec()
    },
    async readFirst() {
      const [first] = (await redis.xRange(stream, '-', '+', { COUNT: 1 })) ?? []
      return first ? toSequence(first.id) : null
    },
    async setOldest(oldest) {
      await redis.eval(SET_OLDEST, { keys: [stateKey(stream)], arguments: [String(oldest)] })
    },
    async readText(sequence) {
      const [entry] = (await redis.xRange(stream, toEntryId(sequence), toEntryId(sequence))) ?? []
      return entry?.message.event ?? null
    },
    async trim(sequence) {
      await redis.xTrim(stream, 'MINID', toEntryId(sequence) as unknown as number, { strategyModifier: '~' })
    },
  }
}

/** Appends at most APPENDED_MAX entries. */
function createAppend(redis: Redis, stream: StreamName): EventStream['append'] {
  return async (after, epoch, entries) => {
    const expected = [toEntryId(after.sequence), after.epoch ?? '', after.text]
    const pairs = entries.flatMap(({ sequence, text }) => [toEntryId(sequence), text])
    const options = { keys: [stream, stateKey(stream)], arguments: [epoch, ...expected, ...pairs] }
    const reply = (await redis.eval(APPEND, options)) as RawEnd | 1 | null
    if (reply === null) return null
    if (reply !== 1) return { end: toEnd(reply), isComplete: false }
    const last = entries.at(-1)
    return { end: last === undefined ? after : { epoch, ...last }, isComplete: true }
  }
}

type RawEnd = readonly [id: string, epoch: string, text: string]

function toEnd([id, epoch, text]: RawEnd): StreamEnd {
  return epoch === '' ? EMPTY : { epoch, sequence: toSequence(id), text }
}

/**
 * Kept beside each stream: the epoch of its log, the sequence of the oldest entry that the log has (`oldest`), and the
 * sequence up to which the stream was filled again when it was last lost (`rebuiltTo`).
 */
export const stateKey = (stream: StreamName) => `state:${stream}`

export const toEntryId = (sequence: number) => `${sequence}-0`

export const toSequence = (entryId: string) => Number(entryId.slice(0, entryId.indexOf('-')))

import type { Redis } from '../../stores/redis.ts'
import type { StreamName } from '../envelope.ts'
import { type LogEntry, type LogHead, type Position, START } from './log-entry.ts'

/** Where a stream ends after an append, and whether all entries were appended: it may have ended there before. */
export type Appended = Readonly<{ end: Position; isComplete: boolean }>

/**
 * The part of a log that Redis holds for readers. An entry's id is its sequence, so that publishing an entry again gives
 * it the same id, and a reader that has passed it never meets it twice.
 */
export type EventStream = Readonly<{
  /**
   * Appends entries if the stream ends at `after`, and otherwise nothing. Null where Redis has lost the stream together
   * with its state, or has an empty one of another epoch.
   */
  append: (after: Position, epoch: string, entries: readonly LogEntry[]) => Promise<Appended | null>
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
 * KEYS: stream, state. ARGV: id and epoch where the stream should end, epoch, then pairs of id and text. XADD refuses an
 * id that an entry had which was deleted; XSETID makes the last entry's id the last one given.
 */
const APPEND = `
local begun = redis.call('HGET', KEYS[2], 'epoch')
if not begun then return false end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local id, epoch = '0-0', ''
if last then id, epoch = last[1], last[2][2] elseif begun ~= ARGV[3] then return false end
if id ~= ARGV[1] or epoch ~= ARGV[2] then return {id, epoch, 0} end
for i = 4, #ARGV, 2 do
  local added = redis.pcall('XADD', KEYS[1], ARGV[i], 'epoch', ARGV[3], 'event', ARGV[i + 1])
  if added.err then
    redis.call('XSETID', KEYS[1], id)
    redis.call('XADD', KEYS[1], ARGV[i], 'epoch', ARGV[3], 'event', ARGV[i + 1])
  end
  id, epoch = ARGV[i], ARGV[3]
end
return {id, epoch, 1}`

/** Without an epoch beside it, the state would look like that of a stream that is there. */
const SET_OLDEST = `if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'oldest', ARGV[1]) end`

const APPENDED_MAX = 500

export function createEventStream(redis: Redis, stream: StreamName): EventStream {
  const append = async (after: Position, epoch: string, entries: readonly LogEntry[]) => {
    const pairs = entries.flatMap(({ sequence, text }) => [toEntryId(sequence), text])
    const options = {
      keys: [stream, stateKey(stream)],
      arguments: [toEntryId(after.sequence), after.epoch ?? '', epoch, ...pairs],
    }
    const reply = (await redis.eval(APPEND, options)) as readonly [string, string, number] | null
    return reply && { end: toPosition(reply), isComplete: reply[2] === 1 }
  }

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

/**
 * Kept beside each stream: the epoch of its log, the sequence of the oldest entry that the log has (`oldest`), and the
 * sequence up to which the stream was filled again when it was last lost (`rebuiltTo`).
 */
export const stateKey = (stream: StreamName) => `state:${stream}`

export const toEntryId = (sequence: number) => `${sequence}-0`

export const toSequence = (entryId: string) => Number(entryId.slice(0, entryId.indexOf('-')))

function toPosition([id, epoch]: readonly [string, string, number]): Position {
  return epoch === '' ? START : { epoch, sequence: toSequence(id) }
}

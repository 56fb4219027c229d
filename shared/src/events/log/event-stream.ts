import type { Redis } from '../../stores/redis.ts'
import type { StreamName } from '../envelope.ts'
import { isSamePosition, type LogEntry, type LogHead, type Position, START } from './log-entry.ts'

/**
 * What Redis holds of a log, for readers. An entry's id is its sequence, so that publishing an entry again gives it the
 * same id, and a reader that has passed it never meets it twice.
 */
export type EventStream = Readonly<{
  /**
   * Appends entries if the stream ends at `after`, and otherwise nothing. Gives where it ends then; null where Redis
   * has lost the stream together with its state.
   */
  append: (after: Position, epoch: string, entries: readonly LogEntry[]) => Promise<Position | null>
  /**
   * Empties the stream, to be filled again from the sequence `from` up to `head`. Readers that begin meanwhile begin
   * behind `head`.
   */
  rebuild: (head: LogHead, oldest: number) => Promise<void>
  /** The sequence of its first entry; null where it is empty. */
  readFirst: () => Promise<number | null>
  /** Notes the oldest entry that the log still has, for readers that wait for an older one. */
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
if redis.call('EXISTS', KEYS[2]) == 0 then return false end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local id, epoch = '0-0', ''
if last then id, epoch = last[1], last[2][2] end
if id ~= ARGV[1] or epoch ~= ARGV[2] then return {id, epoch} end
for i = 4, #ARGV, 2 do
  local added = redis.pcall('XADD', KEYS[1], ARGV[i], 'epoch', ARGV[3], 'event', ARGV[i + 1])
  if added.err then
    redis.call('XSETID', KEYS[1], id)
    redis.call('XADD', KEYS[1], ARGV[i], 'epoch', ARGV[3], 'event', ARGV[i + 1])
  end
  id, epoch = ARGV[i], ARGV[3]
end
return {id, epoch}`

const APPENDED_MAX = 500

export function createEventStream(redis: Redis, stream: StreamName): EventStream {
  const append = async (after: Position, epoch: string, entries: readonly LogEntry[]) => {
    const pairs = entries.flatMap(({ sequence, text }) => [toEntryId(sequence), text])
    const options = {
      keys: [stream, stateKey(stream)],
      arguments: [toEntryId(after.sequence), after.epoch ?? '', epoch, ...pairs],
    }
    const end = (await redis.eval(APPEND, options)) as readonly [string, string] | null
    return end && toPosition(end)
  }

  return {
    async append(after, epoch, entries) {
      let end = await append(after, epoch, entries.slice(0, APPENDED_MAX))
      for (let from = APPENDED_MAX; from < entries.length; from += APPENDED_MAX) {
        const expected = { epoch, sequence: entries[from - 1]!.sequence }
        if (end === null || !isSamePosition(end, expected)) return end
        end = await append(expected, epoch, entries.slice(from, from + APPENDED_MAX))
      }
      return end
    },
    async rebuild({ epoch, sequence }, oldest) {
      const state = { epoch, rebuiltTo: String(sequence), oldest: String(oldest) }
      await redis.multi().del(stream).hSet(stateKey(stream), state).exec()
    },
    async readFirst() {
      const [first] = (await redis.xRange(stream, '-', '+', { COUNT: 1 })) ?? []
      return first ? toSequence(first.id) : null
    },
    setOldest: async (oldest) => void (await redis.hSet(stateKey(stream), 'oldest', String(oldest))),
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

function toPosition([id, epoch]: readonly [string, string]): Position {
  return epoch === '' ? START : { epoch, sequence: toSequence(id) }
}

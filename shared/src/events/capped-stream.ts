import type { Redis } from '../stores/redis.ts'
import type { StreamName } from './envelope.ts'
import { stateKey } from './log/event-stream.ts'

/** Entries kept of a capped stream, at least; Redis removes whole blocks of older ones. About 20 MB. */
export const CAPPED_ENTRIES = 50_000

/**
 * A stream of events that no log stands behind: only the last CAPPED_ENTRIES are kept, and what Redis loses is gone. Its
 * entries look like those of other streams, so that one reader serves all: consecutive ids, and a new epoch with a gap in
 * the ids wherever entries may be missing.
 */
export type CappedStream = Readonly<{
  /**
   * Appends events in order, as texts; none begin the stream where it is not there.
   * @param options.afterLoss whether events before these could not be appended.
   */
  append(texts: readonly string[], options?: Readonly<{ afterLoss?: boolean }>): Promise<void>
}>

/**
 * KEYS: stream, state. ARGV: entries kept, '1' after a loss, then the texts. A Redis that was restarted may have lost its
 * latest entries: the id of its run is another one. An epoch begins at the time in µs, so that its ids are higher than all
 * before it also where Redis has lost everything.
 */
const APPEND = `
local run = redis.call('INFO', 'server'):match('run_id:(%w+)')
local known = redis.call('HMGET', KEYS[2], 'run', 'epoch', 'rebuiltTo')
local epoch, sequence = known[2], tonumber(known[3] or 0)
if known[1] ~= run or ARGV[2] == '1' then
  local time = redis.call('TIME')
  sequence = math.max(sequence + 1, time[1] * 1000000 + time[2])
  epoch = string.format('%s-%.0f', run, sequence)
  redis.call('DEL', KEYS[1])
end
for i = 3, #ARGV do
  sequence = sequence + 1
  local id = string.format('%.0f-0', sequence)
  redis.call('XADD', KEYS[1], id, 'epoch', epoch, 'event', ARGV[i])
end
redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[1])
redis.call('HSET', KEYS[2], 'run', run, 'epoch', epoch, 'rebuiltTo', string.format('%.0f', sequence))`

export function createCappedStream(redis: Redis, stream: StreamName, entries = CAPPED_ENTRIES): CappedStream {
  return {
    async append(texts, { afterLoss = false } = {}) {
      const options = [String(entries), afterLoss ? '1' : '0']
      await redis.eval(APPEND, { keys: [stream, stateKey(stream)], arguments: [...options, ...texts] })
    },
  }
}

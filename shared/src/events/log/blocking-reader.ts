import type { Logger } from '../../process/logger.ts'
import { within } from '../../resilience/deadline.ts'
import { duplicateRedis, type Redis } from '../../stores/redis.ts'
import type { StreamName } from '../envelope.ts'

const BLOCK_MS = 2_000
/** Time after BLOCK_MS without a reply, after which a connection counts as lost, whatever the network reports. */
const SILENT_MS = 3_000

/** An entry of a stream as Redis gives it. */
export type RawEntry = Readonly<{ id: string; message: Readonly<Record<string, string>> }>
export type RawEntries = Readonly<{ name: StreamName; messages: readonly RawEntry[] }>

type Wanted = Readonly<{ key: StreamName; id: string }>

export type BlockingReader = Readonly<{
  /** Waits up to BLOCK_MS for entries behind some ids, at most `count` of each stream; none where none came. */
  read: (wanted: readonly Wanted[], count: number) => Promise<readonly RawEntries[]>
  /** Closes the connection for good: a read rejects from then on. */
  close: () => void
}>

/** Reads streams on a connection of its own, because reading blocks it. A failed read closes it, and the next one opens another. */
export function createBlockingReader({ redis, logger }: Readonly<{ redis: Redis; logger: Logger }>): BlockingReader {
  let connection: Redis | null = null
  let isClosed = false

  const connect = () => {
    // Otherwise a read that begins while its process stops would keep the process alive.
    if (isClosed) throw new Error('The reader is closed.')
    const opened = duplicateRedis(redis, logger)
    opened.connect().catch((err: unknown) => logger.warn({ err }, 'redis connection lost'))
    return opened
  }
  const disconnect = () => {
    connection?.destroy()
    connection = null
  }

  return {
    async read(wanted, count) {
      connection ??= connect()
      const reading = connection.xRead([...wanted], { COUNT: count, BLOCK: BLOCK_MS })
      const reply = await within(BLOCK_MS + SILENT_MS, reading).catch((error: unknown) => {
        disconnect()
        throw error
      })
      return (reply ?? []) as unknown as readonly RawEntries[]
    },
    close() {
      isClosed = true
      disconnect()
    },
  }
}

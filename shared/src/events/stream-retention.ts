import type { Redis } from '../stores/redis.ts'
import { DAY_MS, HOUR_MS } from '../time.ts'
import { compareEntryIds } from './entry-id.ts'
import type { StreamName } from './envelope.ts'

/** Events stay on a stream this long, for readers that reconnect. */
const KEPT_MS = DAY_MS

/** After a loss of Redis, the events that were published within this are published again; consumers know them by id. */
export const REPUBLISH_MS = HOUR_MS

/**
 * Trims old events from a stream, but none that a group has not finished.
 * @returns how many were removed. Redis removes whole blocks only, so some stay a little longer.
 */
export async function trimStream(redis: Redis, stream: StreamName, keptMs: number = KEPT_MS): Promise<number> {
  if ((await redis.exists(stream)) === 0) return 0
  const groups = await redis.xInfoGroups(stream)
  const unfinished = groups.map(async ({ name, 'last-delivered-id': last, pending }) => {
    if (Number(pending) === 0) return String(last)
    const { firstId } = await redis.xPending(stream, String(name))
    return firstId === null ? String(last) : String(firstId)
  })
  const byAge = `${Date.now() - keptMs}-0`
  const oldest = [byAge, ...(await Promise.all(unfinished))].sort(compareEntryIds)[0]!
  return redis.xTrim(stream, 'MINID', oldest as unknown as number, { strategyModifier: '~' })
}

import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Queue } from 'bullmq'

/** BullMQ orders jobs that wait by priority by their priority, times this, and by the order in which they came. */
const SCORE_OF_A_PRIORITY = 0x1_0000_0000
const PRIORITIES = Array.from({ length: 10 }, (_, index) => index + 1)

/** When the oldest job was added that waits in a queue; null where none does. Reads the first job of each priority. */
export async function findOldestQueued(redis: Redis, queue: Queue): Promise<Date | null> {
  const first = (priority: number) => {
    const [from, to] = [priority * SCORE_OF_A_PRIORITY, `(${(priority + 1) * SCORE_OF_A_PRIORITY}`]
    return redis.zRange(queue.toKey('prioritized'), from, to, { BY: 'SCORE', LIMIT: { offset: 0, count: 1 } })
  }
  // Without a priority: the list grows at its head.
  const [plain, ...byPriority] = await Promise.all([
    redis.lRange(queue.toKey('wait'), -1, -1),
    ...PRIORITIES.map(first),
  ])
  const ids = [...plain, ...byPriority.flat()]
  const addedAt = await Promise.all(ids.map((id) => redis.hGet(queue.toKey(id), 'timestamp')))
  const oldest = Math.min(...addedAt.flatMap((ms) => (ms == null ? [] : [Number(ms)])))
  return Number.isFinite(oldest) ? new Date(oldest) : null
}

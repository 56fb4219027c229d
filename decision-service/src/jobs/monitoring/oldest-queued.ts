import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Queue } from 'bullmq'

/** BullMQ orders jobs that wait by priority by their priority, times this, and by the order in which they came. */
const SCORE_OF_A_PRIORITY = 0x1_0000_0000
const PRIORITIES = Array.from({ length: 10 }, (_, index) => index + 1)

/**
 * Since when the oldest job waits that waits in a queue: since it was added, or since the moment that it was scheduled for;
 * null where none does. Reads the first job of each priority.
 */
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
  const dueAt = await Promise.all(ids.map((id) => readDueMs(redis, queue.toKey(id))))
  const oldest = Math.min(...dueAt.filter((ms) => ms !== null))
  return Number.isFinite(oldest) ? new Date(oldest) : null
}

/** Null for a job that is gone since. */
async function readDueMs(redis: Redis, key: string): Promise<number | null> {
  const [addedAt, options] = await redis.hmGet(key, ['timestamp', 'opts'])
  if (addedAt == null || options == null) return null
  const { delay = 0 } = JSON.parse(options) as Readonly<{ delay?: number }>
  return Number(addedAt) + delay
}

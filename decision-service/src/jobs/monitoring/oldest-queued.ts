import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Queue } from 'bullmq'
import { firstAtLevel, LEVELS, readWaiting } from '../frame/waiting-jobs.ts'

/**
 * Since when the oldest job waits that waits in a queue; null where none does. Reads the first job of each priority.
 */
export async function findOldestQueued(redis: Redis, queue: Queue): Promise<Date | null> {
  // Without a priority: the list grows at its head.
  const [plain, ...byLevel] = await Promise.all([
    redis.lRange(queue.toKey('wait'), -1, -1),
    ...LEVELS.map((level) => firstAtLevel(redis, queue, level, 1)),
  ])
  const waiting = await readWaiting(redis, queue, [...plain, ...byLevel.flat()])
  return waiting.length === 0 ? null : new Date(Math.min(...waiting.map(({ sinceMs }) => sinceMs)))
}

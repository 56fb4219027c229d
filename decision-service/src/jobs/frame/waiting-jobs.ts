import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Queue } from 'bullmq'

/** BullMQ orders delayed jobs by the moment they are due, in milliseconds, times this. */
export const SCORE_OF_A_MS = 0x1000
/** BullMQ orders jobs that wait by their level, times this, and by the order in which they came to it. */
const SCORE_OF_A_LEVEL = 0x1_0000_0000
/** BullMQ's priorities, the most urgent first: 1 is priority 10. */
export const LEVELS: readonly number[] = Array.from({ length: 10 }, (_, index) => index + 1)

/** The ids of the first jobs that wait at a level, in their order. */
export function firstAtLevel(redis: Redis, queue: Queue, level: number, count: number): Promise<readonly string[]> {
  const [from, to] = [level * SCORE_OF_A_LEVEL, `(${(level + 1) * SCORE_OF_A_LEVEL}`]
  return redis.zRange(queue.toKey('prioritized'), from, to, { BY: 'SCORE', LIMIT: { offset: 0, count } })
}

export type WaitingJob = Readonly<{
  id: string
  /** When it was added, or the moment that it was scheduled for. */
  dueMs: number
  /** The level of its order. */
  level: number
}>

/** Reads jobs that wait; those that are gone since are missing. */
export async function readWaiting(redis: Redis, queue: Queue, ids: readonly string[]): Promise<readonly WaitingJob[]> {
  const read = async (id: string): Promise<readonly WaitingJob[]> => {
    const [addedAt, options] = await redis.hmGet(queue.toKey(id), ['timestamp', 'opts'])
    if (addedAt == null || options == null) return []
    const { delay = 0, priority = 0 } = JSON.parse(options) as Readonly<{ delay?: number; priority?: number }>
    return [{ id, dueMs: Number(addedAt) + delay, level: priority }]
  }
  return (await Promise.all(ids.map(read))).flat()
}

import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Queue } from 'bullmq'
import { createRedisScript } from '../redis/redis-script.ts'

/** BullMQ orders delayed jobs by the moment they are due, in milliseconds, times this. */
export const SCORE_OF_A_MS = 0x1000
/** BullMQ orders jobs that wait by their level, times this, and by the order in which they came to it. */
const SCORE_OF_A_LEVEL = 0x1_0000_0000
/** BullMQ's priorities, the most urgent first: 1 is priority 10. */
export const LEVELS: readonly number[] = Array.from({ length: 10 }, (_, index) => index + 1)

/** A field of ours in BullMQ's hash of a job, which keeps the moment at which it was added. */
const REOPENED_AT = 'reopenedAt'
/** A job that is gone must not come back as a hash without data: it could not be added again. */
const NOTE_REOPENED = `if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], '${REOPENED_AT}', ARGV[1]) end`

/** Returns a function that notes when a job that has ended is opened again: it does not wait since it was added. */
export function createNoteReopened(redis: Redis) {
  const note = createRedisScript(redis, NOTE_REOPENED)
  return async (queue: Queue, id: string): Promise<void> => {
    await note({ keys: [queue.toKey(id)], args: [Date.now()] })
  }
}

/** The ids of the first jobs that wait at a level, in their order. */
export function firstAtLevel(redis: Redis, queue: Queue, level: number, count: number): Promise<readonly string[]> {
  const [from, to] = [level * SCORE_OF_A_LEVEL, `(${(level + 1) * SCORE_OF_A_LEVEL}`]
  return redis.zRange(queue.toKey('prioritized'), from, to, { BY: 'SCORE', LIMIT: { offset: 0, count } })
}

export type WaitingJob = Readonly<{
  id: string
  /** Since when it waits: since it was added, since the moment that it was scheduled for, or since it was opened again. */
  sinceMs: number
  /** The level of its order. */
  level: number
}>

/** Reads jobs that wait; those that are gone since are missing. */
export async function readWaiting(redis: Redis, queue: Queue, ids: readonly string[]): Promise<readonly WaitingJob[]> {
  const read = async (id: string): Promise<readonly WaitingJob[]> => {
    const [addedAt, options, reopenedAt] = await redis.hmGet(queue.toKey(id), ['timestamp', 'opts', REOPENED_AT])
    if (addedAt == null || options == null) return []
    const { delay = 0, priority = 0 } = JSON.parse(options) as Readonly<{ delay?: number; priority?: number }>
    return [{ id, sinceMs: Number(reopenedAt ?? Number(addedAt) + delay), level: priority }]
  }
  return (await Promise.all(ids.map(read))).flat()
}

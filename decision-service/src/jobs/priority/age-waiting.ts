import type { Redis } from '@redress/shared/stores/redis.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import type { Queue } from 'bullmq'
import type { JobQueue } from '../frame/open-queue.ts'
import { firstAtLevel, LEVELS, readWaiting } from '../frame/waiting-jobs.ts'

/** A job that waits rises by one level for each of these: from the lowest to the highest in an hour and a half. */
export const RISE_EVERY_MS = 10 * MINUTE_MS
/** Jobs of one level that are looked at in a round; those before them in it are older, so that the rest can wait. */
const PAGE = 100

type Options = Readonly<{ queue: JobQueue; riseEveryMs?: number }>

/**
 * Returns a function that raises the jobs of a queue that wait for long while more urgent ones wait too, so that no flow of
 * urgent jobs keeps another one for ever: at the highest level, it is before all that come later. It gives how many were
 * raised.
 */
export function createAgeWaiting({ queue: { redis, use }, riseEveryMs = RISE_EVERY_MS }: Options) {
  return (now: Date): Promise<number> =>
    use(async (queue) => {
      let raised = 0
      let isBehind = false
      for (const level of LEVELS) {
        const ids = await firstAtLevel(redis, queue, level, PAGE)
        // Nothing overtakes the most urgent ones: a backlog of one level costs one reading.
        if (isBehind) raised += await raise(ids, { redis, queue, from: level, now, riseEveryMs })
        isBehind ||= ids.length > 0
      }
      return raised
    })
}

type Raising = Readonly<{ redis: Redis; queue: Queue; from: number; now: Date; riseEveryMs: number }>

async function raise(ids: readonly string[], { redis, queue, from, now, riseEveryMs }: Raising): Promise<number> {
  const levelNow = (level: number, sinceMs: number) =>
    Math.max(LEVELS[0]!, level - Math.floor((now.getTime() - sinceMs) / riseEveryMs))
  const waiting = await readWaiting(redis, queue, ids)
  const due = waiting.flatMap(({ id, sinceMs, level }) => {
    const priority = levelNow(level, sinceMs)
    return priority < from ? [{ id, priority }] : []
  })
  // In their order, which they keep in their new level. One that is removed meanwhile stays removed.
  const risen = due.map(async ({ id, priority }) => (await queue.getJob(id))?.changePriority({ priority }))
  return (await Promise.allSettled(risen)).filter(({ status }) => status === 'fulfilled').length
}

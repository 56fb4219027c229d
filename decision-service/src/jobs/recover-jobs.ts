import { backoffMs } from '@redress/shared/resilience/backoff.ts'
import { type Clock, MINUTE_MS } from '@redress/shared/time.ts'
import { JOBS, type JobType } from './registry.ts'

/** Finds open jobs that should have ended by `olderThan`, oldest first, starting after `after` if given. */
export type FindOverdue<Record> = (
  options: Readonly<{ olderThan: Date; after: Record | null; limit: number }>,
) => Promise<readonly Record[]>

type Options<Record> = Readonly<{
  findOverdue: FindOverdue<Record>
  /** Adds jobs that are missing in the queue. @returns how many were recovered. */
  revive: (records: readonly Record[]) => Promise<number>
  now: Clock
}>

/** A job that was found in its queue is looked up again after this; the wait doubles each time. */
const LOOK_AGAIN = { firstMs: 10_000, maxMs: 2 * MINUTE_MS }

/** Which jobs are looked up: all that are older than this, instead of those that are overdue by the registry. */
export type OfAge = Readonly<{ overdueMs: number }>

type Look = Readonly<{ times: number; nextMs: number }>

/**
 * Queues stored jobs that are missing in the queue, after Redis lost data or after a crash between the two writes. A job
 * that was found in its queue is looked up less and less often.
 * @returns how many were recovered: jobs that are overdue by the registry, or, with `ofAge`, all that are older than
 * `ofAge.overdueMs`.
 */
export function createRecoverJobs<Record extends Readonly<{ id: string }>>(
  type: JobType,
  { findOverdue, revive, now }: Options<Record>,
) {
  const { overdueMs, batch, batchesMax } = JOBS[type].recovery
  let looks: ReadonlyMap<string, Look> = new Map()

  return async (ofAge?: OfAge): Promise<number> => {
    const nowMs = now().getTime()
    const olderThan = new Date(nowMs - (ofAge?.overdueMs ?? overdueMs))
    const isDue = ({ id }: Record) => ofAge !== undefined || (looks.get(id)?.nextMs ?? 0) <= nowMs
    const noted = new Map<string, Look>()
    let count = 0
    let after: Record | null = null
    for (let batches = 0; batches < batchesMax; batches++) {
      const overdue: readonly Record[] = await findOverdue({ olderThan, after, limit: batch })
      const due = overdue.filter(isDue)
      if (due.length > 0) count += await revive(due)
      for (const record of overdue) {
        const look = looks.get(record.id)
        noted.set(record.id, look && !isDue(record) ? look : lookAgain(look, nowMs))
      }
      if (overdue.length < batch) break
      after = overdue.at(-1)!
    }
    looks = noted
    return count
  }
}

type RecoverAll = Readonly<{
  /** The connection to the queues, which becomes ready again where Redis was away. */
  redis: Readonly<{ on: (event: 'ready', listener: () => void) => unknown }>
  recoverEach: readonly ((ofAge?: OfAge) => Promise<number>)[]
}>

/**
 * Recovers the jobs of all queues: the overdue ones, or all that are open where Redis was away since the last time. It may
 * have lost any of them, and a new one would otherwise wait until it is overdue.
 * @returns how many were recovered.
 */
export function createRecoverAll({ redis, recoverEach }: RecoverAll): () => Promise<number> {
  let wasAway = false
  redis.on('ready', () => {
    wasAway = true
  })
  return async () => {
    const ofAge = wasAway ? { overdueMs: 0 } : undefined
    wasAway = false
    try {
      let count = 0
      for (const recover of recoverEach) count += await recover(ofAge)
      return count
    } catch (error) {
      wasAway ||= ofAge !== undefined
      throw error
    }
  }
}

function lookAgain(look: Look | undefined, nowMs: number): Look {
  const times = (look?.times ?? 0) + 1
  return { times, nextMs: nowMs + backoffMs(times, LOOK_AGAIN) }
}

import { createLooks } from '@redress/shared/resilience/looks.ts'
import { type Clock, MINUTE_MS } from '@redress/shared/time.ts'
import type { JobDefinition } from '../frame/job-definition.ts'

/** Finds open jobs that should have ended by `olderThan`, oldest first, starting after `after` if given. */
export type FindOverdue<Record> = (
  options: Readonly<{ olderThan: Date; after: Record | null; limit: number }>,
) => Promise<readonly Record[]>

type Options<Record> = Readonly<{
  findOverdue: FindOverdue<Record>
  /** The most urgent go first; those of one urgency in the order in which they were found. Default: all alike. */
  urgencyOf?: (record: Record) => number
  /** Adds jobs that are missing in the queue. @returns how many were recovered. */
  revive: (records: readonly Record[]) => Promise<number>
  now: Clock
}>

/** A job that was found in its queue is looked up again after this; the wait doubles each time. */
const LOOK_AGAIN = { firstMs: 10_000, maxMs: 2 * MINUTE_MS }

/** Batches of a round that looks up all open jobs; the next round continues behind them. */
const BATCHES_OF_ALL_MAX = 400

/** A Redis that is lost takes the jobs along that are scheduled for later. */
const LATER_THAN_ANY = new Date(8_640_000_000_000_000)

/** Recovers jobs, and gives how many it were. It ends before its next step once `signal` is aborted. */
export type Recover = (options?: Readonly<{ all?: boolean; signal?: AbortSignal }>) => Promise<number>

/**
 * Queues stored jobs that are missing in the queue, after Redis lost data or after a crash between the two writes: those
 * that are overdue by the registry, or, with `all`, all that are open. A job that was found in
 * its queue is looked up less and less often. A round that finds more jobs than it may is continued by the next one.
 */
export function createRecoverJobs<Record extends Readonly<{ id: string }>>(
  { recovery: { overdueMs, batch, batchesMax } }: Pick<JobDefinition, 'recovery'>,
  { findOverdue, urgencyOf = () => 0, revive, now }: Options<Record>,
): Recover {
  const looks = createLooks(LOOK_AGAIN)
  let continueAfter: Record | null = null

  return async ({ all = false, signal } = {}) => {
    const nowMs = now().getTime()
    const olderThan = all ? LATER_THAN_ANY : new Date(nowMs - overdueMs)
    const isDue = ({ id }: Record) => all || looks.isDue(id, nowMs)
    const due: Record[] = []
    let after = all ? null : continueAfter
    // Redis loses its jobs all at once, so that all of them are looked up in one round.
    const most = all ? BATCHES_OF_ALL_MAX : batchesMax
    for (let batches = 0; batches < most; batches++) {
      signal?.throwIfAborted()
      const overdue: readonly Record[] = await findOverdue({ olderThan, after, limit: batch })
      due.push(...overdue.filter(isDue))
      after = overdue.length < batch ? null : overdue.at(-1)!
      if (after === null) break
    }
    due.sort((one, other) => urgencyOf(other) - urgencyOf(one))
    let count = 0
    for (let from = 0; from < due.length; from += batch) {
      signal?.throwIfAborted()
      count += await revive(due.slice(from, from + batch))
    }
    looks.note(
      due.map(({ id }) => id),
      nowMs,
    )
    continueAfter = after
    return count
  }
}

import type { JobState } from '../orders/job-view.ts'

/** Everything that is known about the rest of a job; null for what is not. */
export type Known = Readonly<{
  state: JobState
  /** The median duration of its type. */
  medianMs: number | null
  /** When its attempt began. */
  startedAt: Date | null
  /** When its next attempt is due, if it is delayed. */
  dueAt: Date | null
  /** Its place among the jobs that wait, from 0. */
  place: number | null
  /** The mean duration of the jobs in its queue, and how many of them run. */
  meanMs: number | null
  active: number
}>

/**
 * When a job will probably be completed; null where that is unknown, or it has ended. A job that runs takes as long as its
 * type does, by the median. One that waits waits for those before it, of which as many run at once as do now.
 */
export function estimateCompletion(known: Known, now: Date): Date | null {
  const { medianMs } = known
  const beginsAt = beginOf(known, now)
  if (medianMs === null || beginsAt === null) return null
  return new Date(Math.max(now.getTime(), beginsAt + medianMs))
}

function beginOf({ state, startedAt, dueAt, place, meanMs, active }: Known, now: Date): number | null {
  if (state === 'ACTIVE') return startedAt?.getTime() ?? null
  if (state === 'DELAYED') return dueAt?.getTime() ?? null
  if (state !== 'WAITING' || place === null) return null
  if (place === 0) return now.getTime()
  return meanMs === null || active === 0 ? null : now.getTime() + (place * meanMs) / active
}

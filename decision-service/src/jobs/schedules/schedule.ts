import type { ErrorCode } from '@redress/shared/error-codes.ts'
import type { Timetable } from './timetable.ts'

/** A job that is added again and again, as a person describes it. */
export type ScheduleContent = Readonly<{
  /** Lower-case words joined by hyphens. */
  name: string
  cron: string
  timeZone: string
  /** The type and the data of the jobs. */
  type: string
  data: object
  /** A paused schedule has no ticks; those of its pause are not caught up on. */
  active: boolean
  /** Whether the latest tick still runs if it is found late, after everything was down. Earlier ones never do. */
  catchUp: boolean
}>

/** One run of a schedule. It is noted on the schedule before its job is added, so that another leader adds it otherwise. */
export type Run = Readonly<{
  /** The idempotency key of its job: equal for equal ticks. */
  key: string
  type: string
  data: object
  /** The tick, or the moment at which a person asked for it. */
  dueAt: Date
  /** The person who asked for it; null for a tick. */
  requestedBy: string | null
  requestId: string | null
  /** Null until the job is added. */
  jobId: string | null
  /** Why no job could be added, for good. */
  refusal: ErrorCode | null
}>

/** Successive ticks that did not run. */
export type MissedTicks = Readonly<{
  first: Date
  last: Date
  /** At most MISSED_COUNTED_MAX. */
  count: number
}>

/** The state that the leader keeps. */
export type ScheduleProgress = Readonly<{
  /** The earliest tick that is not handled yet; null while paused. */
  nextRunAt: Date | null
  /** The latest tick that was run or missed. A clock that was ahead, or is behind, leads to ticks before it again. */
  handledUntil: Date | null
  lastRun: Run | null
  /** The most recent ones. */
  missed: MissedTicks | null
}>

export type Schedule = ScheduleContent &
  ScheduleProgress &
  Readonly<{
    /** Grows by one with each change by a person. */
    version: number
    createdBy: string
    createdAt: Date
    changedBy: string
    changedAt: Date
    /** Grows by one with each write: of two writers who have read the same one, the second changes nothing. */
    revision: number
  }>

export const SCHEDULES_MAX = 200
export const MISSED_COUNTED_MAX = 500
/** A tick that is found later than this was missed. Longer than a change of leaders takes. */
const LATE_MS = 60_000

/** The progress to be noted now, and the ticks that are missed with it. A run in it is added after that. */
export type Step = Readonly<{ progress: Partial<ScheduleProgress>; missed: MissedTicks | null }>

/** Whether a run is noted, and its job is not added yet. */
export function isPending(run: Run | null): run is Run {
  return run !== null && run.jobId === null && run.refusal === null
}

/** The ticks that are due now: the latest one runs, and earlier ones were missed. Null: there is nothing to be done. */
export function planStep(schedule: Schedule, timetable: Timetable, now: Date): Step | null {
  const { active, nextRunAt: due, handledUntil, catchUp } = schedule
  if (!active || due === null) return null
  const upcoming = timetable.next(now)
  if (due > now) {
    // It was computed by a clock that was ahead, or by other rules of the time zone.
    const isTooLate = upcoming !== null && due > upcoming
    return isTooLate ? { progress: { nextRunAt: upcoming }, missed: null } : null
  }
  const latest = latestOf(timetable, due, now)
  const runs = catchUp || now.getTime() - latest.getTime() <= LATE_MS
  const first = handledUntil !== null && handledUntil >= due ? timetable.next(handledUntil) : due
  const missed = first && missedTicks(timetable, { first, until: runs ? latest : now })
  return {
    progress: {
      nextRunAt: upcoming,
      handledUntil: handledUntil !== null && handledUntil > latest ? handledUntil : latest,
      ...(runs && { lastRun: runOfTick(schedule, latest) }),
      ...(missed && { missed }),
    },
    missed,
  }
}

/** The due tick where the timetable knows none since: a change of its rules must not lose it. */
function latestOf(timetable: Timetable, due: Date, now: Date): Date {
  const latest = timetable.latest(now)
  return latest !== null && latest > due ? latest : due
}

function runOfTick({ name, type, data }: ScheduleContent, tick: Date): Run {
  const key = `schedule ${name} ${tick.toISOString()}`
  return { key, type, data, dueAt: tick, requestedBy: null, requestId: null, jobId: null, refusal: null }
}

type Stretch = Readonly<{ first: Date; until: Date }>

/** The ticks from `first`, which is one, to before `until`; null if there are none. */
function missedTicks(timetable: Timetable, { first, until }: Stretch): MissedTicks | null {
  if (first >= until) return null
  let count = 1
  for (let tick = timetable.next(first); tick && tick < until && count < MISSED_COUNTED_MAX; count++) {
    tick = timetable.next(tick)
  }
  const last = timetable.latest(new Date(until.getTime() - 1))
  return { first, last: last !== null && last > first ? last : first, count }
}

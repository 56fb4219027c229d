import { Cron } from 'croner'

/** The ticks of a cron expression in a time zone: whole minutes. */
export type Timetable = Readonly<{
  /** The first tick after a moment; null if there is none. */
  next(after: Date): Date | null
  /** The last tick at a moment or before it; null if there is none. */
  latest(at: Date): Date | null
}>

/** A cron expression or a time zone that cannot be used. `message` completes a sentence that begins with the field. */
export type TimetableProblem = Readonly<{ field: 'cron' | 'timeZone'; message: string }>

type Times = Readonly<{ cron: string; timeZone: string }>
export type FindTimetable = (times: Times) => Timetable

/** Names of the IANA database begin with a letter. Offsets, which Intl accepts as well, do not follow daylight saving time. */
const ZONE_NAME = /^[A-Za-z]/
/** `?` stands for the moment of reading, which is another one in each process, and `:` is of a date, which comes once. */
const NOT_REPEATED = /[?:]/
/** Minute, hour, day of the month, month, day of the week. */
const FIELDS = 5
const SECOND_MS = 1_000

/** The problem with a time zone; null where it is the name of one. */
export function findZoneProblem(timeZone: string): TimetableProblem | null {
  try {
    if (ZONE_NAME.test(timeZone) && new Intl.DateTimeFormat('en', { timeZone })) return null
  } catch {
    // RangeError: there is none of this name.
  }
  return { field: 'timeZone', message: 'must be a time zone of the IANA database, such as Europe/Berlin or UTC' }
}

/**
 * Reads a cron expression of five fields. A time that daylight saving time leaves out is a tick at the end of the gap, and
 * one that comes twice is a tick at the first; expressions with `*` or a step in minutes or hours follow elapsed time
 * instead, through both passes of a repeated hour.
 */
export function readTimetable(cron: string, timeZone: string): Timetable | TimetableProblem {
  const zoneProblem = findZoneProblem(timeZone)
  if (zoneProblem !== null) return zoneProblem
  if (NOT_REPEATED.test(cron)) return toProblem('must not contain "?" or ":"')
  const fields = cron.trim().split(/\s+/).length
  // Names such as @daily have one, and a year would be the sixth or seventh.
  if (fields !== FIELDS)
    return toProblem(`must be a cron expression of ${FIELDS} fields, without seconds or a year: it has ${fields}`)
  try {
    const expression = new Cron(cron, { timezone: timeZone, mode: '5-part', fixedTimeRule: 'no-wildcard' })
    if (expression.nextRun() === null) return toProblem('must match some time: it never does')
    return {
      next: (after) => expression.nextRun(after),
      // It counts in whole seconds, and a run at the reference itself is not a previous one.
      latest: (at) => expression.previousRuns(1, new Date(startOfSecond(at) + SECOND_MS))[0] ?? null,
    }
  } catch (error) {
    return toProblem(`must be a cron expression of five fields: ${reasonOf(error)}`)
  }
}

/** Timetables of stored schedules, which are valid; each is read once. */
export function createTimetables(max: number): FindTimetable {
  const known = new Map<string, Timetable>()
  return ({ cron, timeZone }) => {
    const key = `${timeZone} ${cron}`
    const found = known.get(key) ?? getTimetable(cron, timeZone)
    if (known.size >= max) known.clear()
    known.set(key, found)
    return found
  }
}

function getTimetable(cron: string, timeZone: string): Timetable {
  const read = readTimetable(cron, timeZone)
  if ('field' in read)
    throw new Error(`The timetable "${cron}" in ${timeZone} cannot be read any more: ${read.message}`)
  return read
}

const startOfSecond = (at: Date) => at.getTime() - (at.getTime() % SECOND_MS)
const toProblem = (message: string): TimetableProblem => ({ field: 'cron', message })

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/^CronPattern: /, '').replace(/\.$/, '')
}

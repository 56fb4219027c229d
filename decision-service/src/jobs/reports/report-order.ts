import { DAY_MS } from '@redress/shared/time.ts'
import { type } from 'arktype'
import { Moment } from '../frame/moment.ts'
import { findZoneProblem, readTimetable, type Timetable } from '../schedules/timetable.ts'

export const REPORT_NAMES = ['issues', 'decisions', 'reviewers', 'jobs'] as const
export type ReportName = (typeof REPORT_NAMES)[number]
export const FORMAT_NAMES = ['csv', 'json', 'pdf'] as const
export type FormatName = (typeof FORMAT_NAMES)[number]

/** The beginnings of each period, as a cron expression. Weeks begin on Monday. */
const PERIODS = { 'previous-day': '0 0 * * *', 'previous-week': '0 0 * * 1', 'previous-month': '0 0 1 * *' } as const
type Period = keyof typeof PERIODS

export const DAYS_MAX = 366
const YEARS = { min: 2000, max: 2100 }
const EXPECTED_DAY = `a day from ${YEARS.min}-01-01 to ${YEARS.max}-12-31, such as 2026-01-31`

const Day = type('string').narrow((text, ctx) => isDay(text) || ctx.reject({ expected: EXPECTED_DAY }))
const Zone = type('0 < string <= 100').narrow(
  (zone, ctx) =>
    findZoneProblem(zone) === null ||
    ctx.reject({ expected: 'a time zone of the IANA database, such as Europe/Berlin or UTC' }),
)

/** The data of a job `generate-report`: a report of some days, or of the last period that was over. */
export const ReportOrder = type({
  '+': 'reject',
  report: type.enumerated(...REPORT_NAMES),
  format: type.enumerated(...FORMAT_NAMES),
  /** The first day. */
  'from?': Day,
  /** The day after the last one. */
  'to?': Day,
  'period?': type.enumerated(...(Object.keys(PERIODS) as Period[])),
  /** The moment before which the period was over. Default: that at which the job was added. */
  'asOf?': Moment,
  /** The time zone in which days begin. Default: UTC. */
  'timeZone?': Zone,
}).narrow(({ from, to, period, asOf }, ctx) => {
  const problem = problemOf({ from, to, period, asOf })
  return problem === null || ctx.reject({ path: [problem[0]], expected: problem[1] })
})
export type ReportOrder = typeof ReportOrder.infer

type Times = Readonly<{ [Name in 'from' | 'to' | 'period' | 'asOf']: string | undefined }>

function problemOf({ from, to, period, asOf }: Times): readonly [field: string, expected: string] | null {
  if (period !== undefined)
    return from === undefined && to === undefined ? null : ['period', 'left out beside from and to']
  if (asOf !== undefined) return ['asOf', 'left out without period']
  if (from === undefined) return ['from', 'given together with to, where there is no period']
  if (to === undefined) return ['to', 'given together with from']
  const days = (dayOf(to) - dayOf(from)) / DAY_MS
  return days >= 1 && days <= DAYS_MAX ? null : ['to', `1 to ${DAYS_MAX} days after from`]
}

/** A range of time: `from` is included, `to` is not. */
export type Range = Readonly<{ from: Date; to: Date }>

/** The range of a report. @param addedAt when its job was added. */
export function toRange({ from, to, period, asOf, timeZone = 'UTC' }: ReportOrder, addedAt: Date): Range {
  if (period === undefined) return { from: startOf(from!, timeZone), to: startOf(to!, timeZone) }
  const beginnings = timetableOf(PERIODS[period], timeZone)
  const end = beginnings.latest(asOf === undefined ? addedAt : new Date(asOf))!
  return { from: beginnings.latest(new Date(end.getTime() - 1))!, to: end }
}

/** More than the distance of any time zone from UTC. */
const ZONE_MS_MAX = 15 * 60 * 60 * 1000

/** Midnight in a time zone, or the end of the gap where a change of the clock leaves it out. */
function startOf(day: string, timeZone: string): Date {
  const [, month, date] = day.split('-').map(Number)
  return timetableOf(`0 0 ${date} ${month} *`, timeZone).next(new Date(dayOf(day) - ZONE_MS_MAX))!
}

function timetableOf(cron: string, timeZone: string): Timetable {
  const read = readTimetable(cron, timeZone)
  if ('field' in read) throw new Error(`The days of ${timeZone} cannot be read: ${read.message}`)
  return read
}

const DAY = /^(\d{4})-\d{2}-\d{2}$/
const dayOf = (text: string) => Date.parse(`${text}T00:00:00Z`)

function isDay(text: string): boolean {
  const year = Number(DAY.exec(text)?.[1] ?? 0)
  if (year < YEARS.min || year > YEARS.max) return false
  const at = dayOf(text)
  // A day that a month does not have would be one of the next month.
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

import { BadUserInputError } from '@redress/shared/errors.ts'
import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { Clock } from '@redress/shared/time.ts'
import { maySee } from '../api/may-see.ts'
import { textOf } from '../frame/job-failure.ts'
import type { EditSchedules } from './edit-schedules.ts'
import type { FindOutcome, Outcome } from './find-outcome.ts'
import type { Schedules } from './ports.ts'
import type { Run, Schedule, ScheduleContent } from './schedule.ts'
import { type FindTimetable, readTimetable, type Timetable } from './timetable.ts'

type Context = RequestContext<unknown>
type Upsert = Readonly<{ input: ScheduleContent & Readonly<{ version?: number | null; reason: string }> }>
type Act = Readonly<{ name: string; reason: string }>
type Times = Readonly<{ cron: string; timeZone: string; first: number }>
type Dependencies = Readonly<{
  schedules: Pick<Schedules, 'all'>
  edit: EditSchedules
  findTimetable: FindTimetable
  findOutcome: FindOutcome
  now: Clock
}>

export function createScheduleResolvers({ schedules, edit, findTimetable, findOutcome, now }: Dependencies) {
  const setActive = (active: boolean) => async (_: unknown, act: Act, context: Context) => ({
    schedule: await edit.setActive({ ...act, active, cause: causeOf(context) }),
  })
  return {
    Query: {
      schedules: () => schedules.all(),
      scheduleTimes(_: unknown, { cron, timeZone, first }: Times) {
        const read = readTimetable(cron, timeZone)
        if ('field' in read) throw new BadUserInputError([read.field], read.message)
        return nextTicks(read, { after: now(), count: first })
      },
    },
    Mutation: {
      async upsertSchedule(_: unknown, { input }: Upsert, context: Context) {
        const { reason, version = null, ...content } = input
        return {
          schedule: await edit.upsert({ content, seenVersion: version, reason, cause: causeOf(context) }),
        }
      },
      pauseSchedule: setActive(false),
      resumeSchedule: setActive(true),
      async runSchedule(_: unknown, act: Act, context: Context) {
        return { schedule: await edit.run({ ...act, cause: causeOf(context) }) }
      },
    },
    Schedule: {
      lastRun: ({ lastRun }: Schedule) => showRun(lastRun, findOutcome),
      nextRuns: (schedule: Schedule, { first }: Pick<Times, 'first'>) =>
        schedule.active ? nextTicks(findTimetable(schedule), { after: now(), count: first }) : [],
    },
    ScheduleRun: {
      job: ({ outcome }: ShownRun, _: unknown, { principal }: Context) =>
        outcome?.job && maySee(principal, outcome.job) ? outcome.job : null,
      state: ({ outcome }: ShownRun) => outcome?.state,
      failure: ({ refusal, outcome }: ShownRun) => (outcome?.failure ? textOf(outcome.failure) : refusal),
    },
  }
}

type ShownRun = Run & Readonly<{ outcome: Outcome | null }>

async function showRun(run: Run | null, findOutcome: FindOutcome): Promise<ShownRun | null> {
  return run && { ...run, outcome: run.jobId === null ? null : await findOutcome(run.jobId) }
}

function nextTicks(timetable: Timetable, { after, count }: Readonly<{ after: Date; count: number }>): readonly Date[] {
  const ticks: Date[] = []
  for (let tick = timetable.next(after); tick !== null && ticks.length < count; tick = timetable.next(tick)) {
    ticks.push(tick)
  }
  return ticks
}

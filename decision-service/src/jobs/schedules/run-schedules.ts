import { ACTORS } from '@redress/shared/access/actors.ts'
import { isFinal } from '@redress/shared/errors.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { AddJob, Schedules } from './ports.ts'
import { isPending, type MissedTicks, planStep, type Run, type Schedule } from './schedule.ts'
import type { FindTimetable } from './timetable.ts'

type Dependencies = Readonly<{
  schedules: Pick<Schedules, 'all' | 'advance'>
  addJob: AddJob
  findTimetable: FindTimetable
  now: Clock
  /** Called with the ticks of a schedule that will not run. */
  onMissed: (schedule: Schedule, missed: MissedTicks) => void
}>

export type RunSchedules = Readonly<{
  /**
   * Adds the jobs of all ticks that are due. May run at the same time in several processes, and may be stopped anywhere:
   * a run is noted before its job is added, and is added by the next round otherwise, under the same key.
   * @throws AggregateError with the failures of schedules, after the others were run.
   */
  runDue(signal?: AbortSignal): Promise<void>
  /** Adds the job of a run that is noted, and gives the schedule with it. Null where it has changed meanwhile. */
  addPending(schedule: Schedule): Promise<Schedule | null>
}>

export function createRunSchedules({ schedules, addJob, findTimetable, now, onMissed }: Dependencies): RunSchedules {
  const addPending = async (schedule: Schedule): Promise<Schedule | null> => {
    const { lastRun } = schedule
    if (!isPending(lastRun)) return schedule
    return schedules.advance(schedule, { lastRun: await addRun(addJob, lastRun) })
  }
  const runOne = async (found: Schedule): Promise<void> => {
    const schedule = await addPending(found)
    if (schedule === null) return
    const step = planStep(schedule, findTimetable(schedule), now())
    const advanced = step && (await schedules.advance(schedule, step.progress))
    if (!advanced) return
    if (step.missed) onMissed(schedule, step.missed)
    await addPending(advanced)
  }
  return {
    addPending,
    async runDue(signal) {
      const errors: unknown[] = []
      for (const schedule of await schedules.all()) {
        signal?.throwIfAborted()
        await runOne(schedule).catch((error: unknown) => errors.push(error))
      }
      if (errors.length > 0) throw new AggregateError(errors, 'schedules did not run')
    },
  }
}

async function addRun(addJob: AddJob, run: Run): Promise<Run> {
  const { type, data, dueAt, key, requestedBy, requestId } = run
  const cause = { actor: requestedBy ?? ACTORS.schedules, requestId }
  try {
    const { job } = await addJob({ type, data, tick: dueAt, idempotencyKey: key }, { cause, caller: null })
    return { ...run, jobId: job.id }
  } catch (error) {
    if (!isFinal(error)) throw error
    return { ...run, refusal: error.code }
  }
}

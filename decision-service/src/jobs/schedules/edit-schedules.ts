import { BadUserInputError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Registry } from '../frame/job-definition.ts'
import { checkSchedule } from './check-schedule.ts'
import { ScheduleConflictError, ScheduleNotFoundError } from './errors.ts'
import type { Schedules, SchedulesTransaction } from './ports.ts'
import type { RunSchedules } from './run-schedules.ts'
import { SCHEDULES_MAX, type Schedule, type ScheduleContent } from './schedule.ts'
import { type Act, changeContent, requestRun, type ScheduleChange } from './schedule-changes.ts'
import type { FindTimetable } from './timetable.ts'

type Command = Readonly<{ reason: string; cause: Cause }>
type Named = Command & Readonly<{ name: string }>

export type EditSchedules = Readonly<{
  /**
   * Adds or changes a schedule. One that has this content already stays as it is.
   * @param command.seenVersion the version that the caller saw; null where any is replaced.
   * @throws BadUserInputError, ScheduleConflictError
   */
  upsert(command: Command & Readonly<{ content: ScheduleContent; seenVersion: number | null }>): Promise<Schedule>
  /** Pauses or resumes a schedule; a repeat changes nothing. @throws ScheduleNotFoundError */
  setActive(command: Named & Readonly<{ active: boolean }>): Promise<Schedule>
  /**
   * Runs a schedule now, also a paused one. Where the queue is away, its job is added once it is back.
   * @throws ScheduleNotFoundError, RunPendingError
   */
  run(command: Named): Promise<Schedule>
}>

type Dependencies = Readonly<{
  schedules: Schedules
  registry: Registry
  findTimetable: FindTimetable
  addPending: RunSchedules['addPending']
  now: Clock
  onCommit: () => void
  /** Called where the job of a run could not be added at once. */
  onLate: (error: unknown) => void
}>

/** The acts of people on schedules, each stored with its event. */
export function createEditSchedules(dependencies: Dependencies): EditSchedules {
  const { registry, findTimetable, addPending, onLate } = dependencies
  const change = createChange(dependencies)
  return {
    async upsert({ content, seenVersion, ...command }) {
      checkSchedule(content, registry)
      const timetable = findTimetable(content)
      return change(command, async (transaction, act) => {
        const before = await transaction.find(content.name)
        if (seenVersion !== null && seenVersion !== before?.version) throw new ScheduleConflictError(content.name)
        if (before === null) await refuseTooMany(transaction)
        return { before, change: changeContent(before, { content, timetable }, act) }
      })
    },
    setActive: ({ name, active, ...command }) =>
      change(command, async (transaction, act) => {
        const before = await getSchedule(transaction, name)
        const content = { ...before, active }
        return { before, change: changeContent(before, { content, timetable: findTimetable(before) }, act) }
      }),
    async run({ name, ...command }) {
      const requested = await change(command, async (transaction, act) => {
        const before = await getSchedule(transaction, name)
        return { before, change: requestRun(before, act) }
      })
      try {
        return (await addPending(requested)) ?? requested
      } catch (error) {
        onLate(error)
        return requested
      }
    },
  }
}

/** Stores a change and its event, if there is one, and gives the schedule as it is then. */
function createChange({ schedules, now, onCommit }: Dependencies) {
  return async (command: Command, work: Work): Promise<Schedule> => {
    const reason = maskPersonal(command.reason).trim()
    const schedule = await schedules.transact(async (transaction) => {
      const { before, change } = await work(transaction, { reason, cause: command.cause, now: now() })
      if (change === null) return before!
      await transaction.put(change.after)
      await transaction.addEvents([change.event])
      return change.after
    })
    onCommit()
    return schedule
  }
}

type Work = (
  transaction: SchedulesTransaction,
  act: Act,
) => Promise<Readonly<{ before: Schedule | null; change: ScheduleChange | null }>>

async function getSchedule(transaction: SchedulesTransaction, name: string): Promise<Schedule> {
  const found = await transaction.find(name)
  if (found === null) throw new ScheduleNotFoundError(name)
  return found
}

async function refuseTooMany(transaction: SchedulesTransaction): Promise<void> {
  if ((await transaction.count()) < SCHEDULES_MAX) return
  throw new BadUserInputError(['input', 'name'], `would be one more than the ${SCHEDULES_MAX} schedules there may be`)
}

import { type InputProblem, refuseProblems } from '@redress/shared/errors.ts'
import { type } from 'arktype'
import type { Registry } from '../frame/job-definition.ts'
import type { JobType } from '../frame/registry.ts'
import type { ScheduleContent } from './schedule.ts'
import { findZoneProblem, readTimetable } from './timetable.ts'

/** The types of job that a schedule may add: those that have a processor, and need nothing else to be stored with them. */
export const SCHEDULED_TYPES: readonly string[] = [
  'archive-issues',
  'cleanup-old-data',
  'generate-report',
] satisfies readonly JobType[]

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/
const NAME_LENGTH_MAX = 100
/** Of the data as JSON: far more than a type of job needs. */
const DATA_LENGTH_MAX = 4_000

/** @throws BadUserInputError with everything that is wrong with a schedule, by its place in the arguments. */
export function checkSchedule(schedule: ScheduleContent, registry: Registry): void {
  refuseProblems(
    [...ofName(schedule), ...ofTimes(schedule), ...ofJob(schedule, registry)].map(({ path, message }) => ({
      path: ['input', ...path],
      message,
    })),
  )
}

/** Whether a schedule may have this name. */
function ofName({ name }: ScheduleContent): readonly InputProblem[] {
  if (NAME.test(name) && name.length <= NAME_LENGTH_MAX) return []
  const message = `must be lower-case words joined by hyphens, at most ${NAME_LENGTH_MAX} characters`
  return [{ path: ['name'], message }]
}

function ofTimes({ cron, timeZone }: ScheduleContent): readonly InputProblem[] {
  const zoneProblem = findZoneProblem(timeZone)
  // In any zone, an expression can be read or not.
  const read = readTimetable(cron, zoneProblem === null ? timeZone : 'UTC')
  const found = [...('field' in read ? [read] : []), ...(zoneProblem === null ? [] : [zoneProblem])]
  return found.map(({ field, message }) => ({ path: [field], message }))
}

function ofJob({ type: name, data }: ScheduleContent, registry: Registry): readonly InputProblem[] {
  const definition = SCHEDULED_TYPES.includes(name) ? registry[name] : undefined
  if (definition === undefined) {
    return [{ path: ['type'], message: `must be one of ${SCHEDULED_TYPES.join(', ')}` }]
  }
  if (JSON.stringify(data).length > DATA_LENGTH_MAX) {
    return [{ path: ['data'], message: `must have at most ${DATA_LENGTH_MAX} characters` }]
  }
  const read = definition.Data(data)
  if (!(read instanceof type.errors)) return []
  return [...read].map((error) => ({ path: ['data', ...error.path.map(String)], message: `must be ${error.expected}` }))
}

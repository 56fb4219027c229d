import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Service } from '@redress/shared/service/open-service.ts'
import type { Clock } from '@redress/shared/time.ts'
import { repeatOnLeader } from '../../../../shared/src/service/repeat-on-leader.ts'
import type { Registry } from '../frame/job-definition.ts'
import { createEditSchedules } from './edit-schedules.ts'
import type { FindOutcome } from './find-outcome.ts'
import { installSchedules } from './maintenance.ts'
import { createMongoSchedules, type ScheduleCollections } from './mongo-schedules.ts'
import type { AddJob } from './ports.ts'
import { createRunSchedules } from './run-schedules.ts'
import { SCHEDULES_MAX, type ScheduleContent } from './schedule.ts'
import { createScheduleResolvers } from './schedule-resolvers.ts'
import { createTimetables } from './timetable.ts'

const RUN_EVERY_MS = 1_000
/** Of a round. Adding the jobs of all schedules takes a fraction. */
const RUN_DEADLINE_MS = 30_000
/** Two for each schedule: an edit brings another one. */
const TIMETABLES_MAX = 2 * SCHEDULES_MAX

type Stores = Service & Readonly<{ collections: ScheduleCollections; outbox: Outbox }>
type Options = Readonly<{
  addJob: AddJob
  findOutcome: FindOutcome
  registry: Registry
  installed: readonly ScheduleContent[]
  /** Default: the time of day. */
  now?: Clock
}>

/** Runs schedules, on one leader, and lets people edit them. */
export async function openSchedules(
  stores: Stores,
  { addJob, findOutcome, registry, installed, now = () => new Date() }: Options,
) {
  const { outbox, logger } = stores
  const schedules = createMongoSchedules(stores)
  const findTimetable = createTimetables(TIMETABLES_MAX)
  const { runDue, addPending } = createRunSchedules({
    ...{ schedules, addJob, findTimetable, now },
    onMissed: ({ name }, missed) => logger.warn({ schedule: name, ...missed }, 'ticks of a schedule were missed'),
  })
  const edit = createEditSchedules({
    ...{ schedules, registry, findTimetable, addPending, now, onCommit: outbox.wake },
    onLate: (err) => logger.warn({ err }, 'the job of a schedule is added later'),
  })
  await installSchedules(installed, { schedules, upsert: edit.upsert })
  repeatOnLeader(stores, {
    election: 'schedules',
    everyMs: RUN_EVERY_MS,
    deadlineMs: RUN_DEADLINE_MS,
    run: runDue,
    onFailure: 'schedules not run yet',
  })
  return { resolvers: createScheduleResolvers({ schedules, edit, findTimetable, findOutcome, now }) }
}

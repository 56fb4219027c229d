import type { ScheduleContent } from '../../../decision-service/src/jobs/schedules/schedule.ts'
import { TICK_TYPE } from '../../../decision-service/test/chaos-jobs.ts'

/** A tick a minute is one in 7.5 s; a change of leaders of up to 7.5 s is no missed tick. */
const FACTOR = 8
/** All processes count from here. */
const ORIGIN_MS = Date.UTC(2026, 0, 1)

/** The time of day of the processes that run schedules. */
export const fastClock = (): Date => new Date(ORIGIN_MS + (Date.now() - ORIGIN_MS) * FACTOR)

export const TICKING: ScheduleContent = {
  ...{ name: 'chaos-tick', cron: '* * * * *', timeZone: 'UTC', type: TICK_TYPE, data: {} },
  ...{ active: true, catchUp: false },
}

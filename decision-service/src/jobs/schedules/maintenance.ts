import { ACTORS } from '@redress/shared/access/actors.ts'
import { type Cause, causeOfService } from '@redress/shared/events/envelope.ts'
import { type } from 'arktype'
import type { EditSchedules } from './edit-schedules.ts'
import { ScheduleConflictError } from './errors.ts'
import type { Schedules } from './ports.ts'
import type { ScheduleContent } from './schedule.ts'

/** Settings of the schedules that Redress has from its start. */
export const MaintenanceEnvironment = type({
  MAINTENANCE_ENABLED: "'true' | 'false' = 'true'",
  MAINTENANCE_ARCHIVE_SCHEDULE: "string > 0 = '0 2 * * *'",
  MAINTENANCE_ARCHIVE_OLDER_THAN_DAYS: "string.integer.parse |> 1 <= number <= 36500 = '30'",
  MAINTENANCE_ARCHIVE_PURGE_AFTER_DAYS: "string.integer.parse |> 1 <= number <= 36500 = '730'",
})

/**
 * The schedules that Redress installs, and everything about them that is configured. A type of job gets its row here with
 * its processor: the partitions at 03:00 on the 1st
 * (MAINTENANCE_PARTITION_SCHEDULE), purge-audit at 03:00 (MAINTENANCE_AUDIT_LOGS_*), reconciliation every 5 minutes.
 */
export function toMaintenanceConfig(env: typeof MaintenanceEnvironment.infer): readonly ScheduleContent[] {
  const active = env.MAINTENANCE_ENABLED === 'true'
  return [
    {
      ...DAILY,
      active,
      name: 'cleanup-jobs',
      cron: '0 2 * * *',
      type: 'cleanup-old-data',
      data: { dataType: 'jobs', olderThanDays: 90 },
    },
    {
      ...DAILY,
      active,
      name: 'archive-issues',
      cron: env.MAINTENANCE_ARCHIVE_SCHEDULE,
      type: 'archive-issues',
      data: {
        olderThanDays: env.MAINTENANCE_ARCHIVE_OLDER_THAN_DAYS,
        purgeAfterDays: env.MAINTENANCE_ARCHIVE_PURGE_AFTER_DAYS,
      },
    },
  ]
}

/** Work that is as useful an hour later: it runs after a night in which everything was down. */
const DAILY = { timeZone: 'UTC', catchUp: true } as const

const CAUSE: Cause = causeOfService(ACTORS.schedules)
const REASON = 'Redress has this schedule from its start.'

type Dependencies = Readonly<{ schedules: Pick<Schedules, 'all'>; upsert: EditSchedules['upsert'] }>

/**
 * Installs schedules that are missing, and brings them up to date: those that are off are paused. One that a person has
 * edited stays as it is.
 */
export async function installSchedules(
  contents: readonly ScheduleContent[],
  { schedules, upsert }: Dependencies,
): Promise<void> {
  const known = new Map((await schedules.all()).map((schedule) => [schedule.name, schedule]))
  for (const content of contents) {
    const found = known.get(content.name)
    if (found === undefined ? !content.active : found.changedBy !== CAUSE.actor) continue
    const seenVersion = found?.version ?? null
    await upsert({ content, seenVersion, reason: REASON, cause: CAUSE }).catch(passOverConflict)
  }
}

/** Another process that starts, or a person, was faster. */
function passOverConflict(error: unknown): void {
  if (!(error instanceof ScheduleConflictError)) throw error
}

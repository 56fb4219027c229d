import { BadUserInputError } from '@redress/shared/errors.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { type Cause, type DomainEvent, momentAfter } from '@redress/shared/events/envelope.ts'
import { DAY_MS } from '@redress/shared/time.ts'

/** Days: of both, those since the resolution of an issue. */
export type ArchivePolicy = Readonly<{ olderThanDays: number; purgeAfterDays: number | null }>

export type ArchiveLimits = Readonly<{
  /** Issues that were resolved before are moved to the archive. */
  movesBefore: Date
  /** Archived issues that were resolved before are deleted; null keeps all. */
  purgesBefore: Date | null
}>

/** One pass over everything that is due. It goes on where it was when its process ends. */
export type ArchiveRun = ArchiveLimits &
  Readonly<{
    id: string
    status: 'RUNNING' | 'COMPLETED'
    requestedBy: string
    requestedAt: Date
    /** Issues that it has moved so far. */
    moved: number
    /** Archived issues that it has deleted so far. */
    purged: number
    endedAt: Date | null
  }>

export type ArchiveRunChange = Readonly<{ run: ArchiveRun; event: DomainEvent }>

/** @throws BadUserInputError if issues would be deleted before they are archived. */
export function toLimits({ olderThanDays, purgeAfterDays }: ArchivePolicy, now: Date): ArchiveLimits {
  if (purgeAfterDays !== null && purgeAfterDays <= olderThanDays) {
    throw new BadUserInputError(['input', 'purgeAfterDays'], 'must be more than olderThanDays')
  }
  const daysBefore = (days: number) => new Date(now.getTime() - days * DAY_MS)
  return {
    movesBefore: daysBefore(olderThanDays),
    purgesBefore: purgeAfterDays === null ? null : daysBefore(purgeAfterDays),
  }
}

export type ArchiveOrder = Readonly<{ id: string; limits: ArchiveLimits; reason: string; cause: Cause; now: Date }>

export function openRun({ id, limits, reason, cause, now }: ArchiveOrder): ArchiveRunChange {
  const run: ArchiveRun = {
    ...{ id, ...limits, status: 'RUNNING', requestedBy: cause.actor, requestedAt: now },
    ...{ moved: 0, purged: 0, endedAt: null },
  }
  const data = { ...toTexts(limits), reason }
  const event = newEvent('archive.requested', {
    ...{ id: `${id}-requested`, entity: { type: 'Archive', id }, at: now, cause, data },
  })
  return { run, event }
}

export function endRun(run: ArchiveRun, { cause, now }: Readonly<{ cause: Cause; now: Date }>): ArchiveRunChange {
  const data = { moved: run.moved, purged: run.purged }
  const { id } = run
  const endedAt = momentAfter(run.requestedAt, now)
  const event = newEvent('archive.completed', {
    ...{ id: `${id}-completed`, entity: { type: 'Archive', id }, at: endedAt, cause, data },
  })
  return { run: { ...run, status: 'COMPLETED', endedAt }, event }
}

function toTexts({ movesBefore, purgesBefore }: ArchiveLimits) {
  return { movesBefore: movesBefore.toISOString(), purgesBefore: purgesBefore?.toISOString() ?? null }
}

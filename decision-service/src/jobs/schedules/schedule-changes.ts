import { isSameJson } from '@redress/shared/canonical-json.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { type Cause, type DomainEvent, momentAfter } from '@redress/shared/events/envelope.ts'
import { RunPendingError } from './errors.ts'
import { isPending, type Schedule, type ScheduleContent } from './schedule.ts'
import type { Timetable } from './timetable.ts'

/** A change by a person, or by Redress at its start. */
export type Act = Readonly<{ reason: string; cause: Cause; now: Date }>
/** A new state and its event: they are stored together. */
export type ScheduleChange = Readonly<{ after: Schedule; event: DomainEvent }>

const TIMES = ['cron', 'timeZone', 'active'] as const
const CONTENT = [...TIMES, 'type', 'data', 'catchUp'] as const

/** Gives a schedule new content. Null where it has this content already. */
export function changeContent(
  before: Schedule | null,
  { content, timetable }: Readonly<{ content: ScheduleContent; timetable: Timetable }>,
  act: Act,
): ScheduleChange | null {
  const changed = CONTENT.filter((field) => !isSameJson(before?.[field], content[field]))
  if (before !== null && changed.length === 0) return null

  const changesTimes = TIMES.some((field) => changed.includes(field))
  const after = advance(before, content, act)
  const changes = changed.map((field) => [field, { before: before?.[field] ?? null, after: content[field] }])
  const event = eventOf('schedule.changed', after, { act, changes: Object.fromEntries(changes) })
  return {
    after: changesTimes ? { ...after, nextRunAt: content.active ? timetable.next(act.now) : null } : after,
    event,
  }
}

/** Notes a run that a person asks for now. @throws RunPendingError while the job of another run is not added yet. */
export function requestRun(before: Schedule, act: Act): ScheduleChange {
  if (isPending(before.lastRun)) throw new RunPendingError(before.name)
  const { name, type, data, version } = before
  const next = advance(before, before, act)
  const { actor: requestedBy, requestId } = act.cause
  const key = `schedule ${name} run ${version + 1}`
  const lastRun = { key, type, data, dueAt: act.now, requestedBy, requestId, jobId: null, refusal: null }
  return { after: { ...next, lastRun }, event: eventOf('schedule.run_requested', next, { act, changes: {} }) }
}

function advance(before: Schedule | null, content: ScheduleContent, { cause, now }: Act): Schedule {
  const changedAt = momentAfter(before?.changedAt ?? null, now)
  const { actor } = cause
  const created = { createdBy: actor, createdAt: changedAt, nextRunAt: null, handledUntil: null, lastRun: null }
  return {
    ...(before ?? { ...created, missed: null }),
    ...content,
    ...{ version: (before?.version ?? 0) + 1, revision: (before?.revision ?? 0) + 1, changedBy: actor, changedAt },
  }
}

type Facts = Readonly<{ act: Act; changes: DomainEvent['changes'] }>

function eventOf(
  type: 'schedule.changed' | 'schedule.run_requested',
  { name, version, changedAt }: Schedule,
  { act, changes }: Facts,
): DomainEvent {
  return newEvent(type, {
    id: `schedule-${name}-${version}`,
    at: changedAt,
    cause: act.cause,
    entity: { type: 'Schedule', id: name },
    changes: { reason: { before: null, after: act.reason }, ...changes },
    data: { schedule: name, version },
  })
}

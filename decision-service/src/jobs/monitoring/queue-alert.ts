import { ACTORS } from '@redress/shared/access/actors.ts'
import { alertEvent, alertResolvedEvent } from '@redress/shared/events/alert.ts'
import { causeOfService, type DomainEvent } from '@redress/shared/events/envelope.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import type { QueueName } from '../frame/queues.ts'
import { FAILURES_WITHIN_MINUTES, type Measure, type QueueThresholds } from './thresholds.ts'

/**
 * An alert is resolved once its value was within the threshold for so long, so that a value that swings around the
 * threshold is one cause with one alert.
 */
export const CALM_MS = 5 * MINUTE_MS

/** A measured value of a queue. */
export type Reading = Readonly<{ queue: QueueName; measure: Measure; value: number }>

/** The open alert of one measure of a queue; there is at most one. */
export type QueueAlert = Readonly<{
  queue: QueueName
  measure: Measure
  raisedAt: Date
  /** Since when its value is within the threshold; null while it is not. */
  calmSince: Date | null
}>

/** The alert after a reading, null where none is open, and the events of the change. */
export type AlertChange = Readonly<{ alert: QueueAlert | null; events: readonly DomainEvent[] }>

/** Applies a reading to the open alert of its measure, or to null. Returns null where nothing changes. */
export function applyReading(
  open: QueueAlert | null,
  reading: Reading,
  thresholds: QueueThresholds,
  now: Date,
): AlertChange | null {
  const { queue, measure, value } = reading
  const isOver = value > thresholds[measure]
  if (open === null) {
    if (!isOver) return null
    const alert = { queue, measure, raisedAt: now, calmSince: null }
    return {
      alert,
      events: [alertEvent({ ...factsOf(alert, reading, thresholds), severity: thresholds.severity }, now)],
    }
  }
  if (isOver) return open.calmSince === null ? null : { alert: { ...open, calmSince: null }, events: [] }
  if (open.calmSince === null) return { alert: { ...open, calmSince: now }, events: [] }
  if (now.getTime() - open.calmSince.getTime() < CALM_MS) return null
  return { alert: null, events: [alertResolvedEvent(factsOf(open, reading, thresholds), now)] }
}

function factsOf({ queue, measure, raisedAt }: QueueAlert, { value }: Reading, thresholds: QueueThresholds) {
  const threshold = thresholds[measure]
  const title = `${queue.charAt(0).toUpperCase()}${queue.slice(1)} queue`
  const text = TEXT_OF[measure](value)
  const message =
    value > threshold ? `${thresholds.severity}: ${title} has ${text}!` : `${title} is within its limit again: ${text}.`
  return {
    id: `${measure.toLowerCase()}-${queue}-${raisedAt.toISOString()}`,
    type: measure,
    message,
    measured: { value, threshold },
    entity: { type: 'Queue', id: queue },
    cause: causeOfService(ACTORS.decisions),
  } as const
}

const TEXT_OF: Readonly<Record<Measure, (value: number) => string>> = {
  QUEUE_DEPTH: (jobs) => `${counted(jobs, 'job')} waiting`,
  JOB_AGE: (minutes) => `a job waiting for ${counted(Math.floor(minutes), 'minute')}`,
  HIGH_FAILURES: (jobs) => `${counted(jobs, 'job')} failed in the last ${FAILURES_WITHIN_MINUTES} minutes`,
  QUEUE_AWAY: (seconds) => `no Redis for ${counted(seconds, 'second')}`,
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

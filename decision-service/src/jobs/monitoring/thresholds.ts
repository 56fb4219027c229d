import type { Alert } from '@redress/shared/events/alert.ts'
import type { QueueName } from '../frame/queues.ts'

/** The values of a queue that are compared with thresholds. Stored and in events, so never renamed. */
export const MEASURES = ['QUEUE_DEPTH', 'JOB_AGE', 'HIGH_FAILURES', 'QUEUE_AWAY'] as const
export type Measure = (typeof MEASURES)[number]

/**
 * The highest values of a queue that raise no alert. QUEUE_DEPTH: jobs that wait. JOB_AGE: minutes that the oldest of them
 * waits. HIGH_FAILURES: jobs that failed within FAILURES_WITHIN_MINUTES. QUEUE_AWAY: seconds for which its Redis is away.
 */
export type QueueThresholds = Readonly<Record<Measure, number>> & Readonly<{ severity: Alert['severity'] }>
export type Thresholds = Readonly<Record<QueueName, QueueThresholds>>

export const FAILURES_WITHIN_MINUTES = 60
/** A restart takes less. */
const AWAY_SECONDS = 20

/**
 * A late decision is neither lost nor money, and thousands of issues arrive at once by imports, so that the queue
 * `decisions` warns, and late.
 */
export const THRESHOLDS: Thresholds = {
  money: toThresholds('CRITICAL', 50, 10, 10),
  decisions: toThresholds('WARNING', 10_000, 15, 50),
  communication: toThresholds('WARNING', 5_000, 30, 100),
  background: toThresholds('INFO', 50_000, 120, 1_000),
}

export function toThresholds(
  severity: QueueThresholds['severity'],
  ...[jobs, minutes, failures]: readonly [jobs: number, minutes: number, failures: number]
): QueueThresholds {
  return { severity, QUEUE_DEPTH: jobs, JOB_AGE: minutes, HIGH_FAILURES: failures, QUEUE_AWAY: AWAY_SECONDS }
}

import { type } from 'arktype'
import type { QueueName } from '../frame/queues.ts'
import { type Measure, THRESHOLDS, type Thresholds, toThresholds } from './thresholds.ts'

/** The thresholds of the queues, in jobs, minutes and jobs. */
export const MonitoringEnvironment = type({
  ALERT_THRESHOLD_MONEY_QUEUE: atMost('money', 'QUEUE_DEPTH'),
  ALERT_THRESHOLD_MONEY_AGE_MINUTES: atMost('money', 'JOB_AGE'),
  ALERT_THRESHOLD_MONEY_FAILURES: atMost('money', 'HIGH_FAILURES'),
  ALERT_THRESHOLD_DECISIONS_QUEUE: atMost('decisions', 'QUEUE_DEPTH'),
  ALERT_THRESHOLD_DECISIONS_AGE_MINUTES: atMost('decisions', 'JOB_AGE'),
  ALERT_THRESHOLD_DECISIONS_FAILURES: atMost('decisions', 'HIGH_FAILURES'),
  ALERT_THRESHOLD_COMM_QUEUE: atMost('communication', 'QUEUE_DEPTH'),
  ALERT_THRESHOLD_COMM_AGE_MINUTES: atMost('communication', 'JOB_AGE'),
  ALERT_THRESHOLD_COMM_FAILURES: atMost('communication', 'HIGH_FAILURES'),
  ALERT_THRESHOLD_BACKGROUND_QUEUE: atMost('background', 'QUEUE_DEPTH'),
  ALERT_THRESHOLD_BACKGROUND_AGE_MINUTES: atMost('background', 'JOB_AGE'),
  ALERT_THRESHOLD_BACKGROUND_FAILURES: atMost('background', 'HIGH_FAILURES'),
})

function atMost(queue: QueueName, measure: Measure) {
  return `string.integer.parse |> 0 <= number <= 100000000 = '${THRESHOLDS[queue][measure]}'` as const
}

type Environment = typeof MonitoringEnvironment.infer
/** The names of the queues in the environment. */
type Prefix = 'MONEY' | 'DECISIONS' | 'COMM' | 'BACKGROUND'

export function toQueueThresholds(env: Environment): Thresholds {
  const read = (queue: QueueName, prefix: Prefix) =>
    toThresholds(
      THRESHOLDS[queue].severity,
      env[`ALERT_THRESHOLD_${prefix}_QUEUE`],
      env[`ALERT_THRESHOLD_${prefix}_AGE_MINUTES`],
      env[`ALERT_THRESHOLD_${prefix}_FAILURES`],
    )
  return {
    money: read('money', 'MONEY'),
    decisions: read('decisions', 'DECISIONS'),
    communication: read('communication', 'COMM'),
    background: read('background', 'BACKGROUND'),
  }
}

import type { Logger } from '@redress/shared/process/logger.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import type { Queues } from '../frame/open-queues.ts'
import { QUEUE_NAMES, type QueueName } from '../frame/queues.ts'
import type { JudgeReadings } from './mongo-queue-alerts.ts'
import type { QueueMetrics } from './mongo-queue-metrics.ts'
import type { Reading } from './queue-alert.ts'
import { type QueueSample, sampleQueue } from './queue-sample.ts'
import type { QueueViews } from './queue-views.ts'
import { FAILURES_WITHIN_MINUTES } from './thresholds.ts'

type Dependencies = Readonly<{
  queues: Queues
  views: QueueViews
  metrics: Pick<QueueMetrics, 'addSamples' | 'read'>
  judge: JudgeReadings
  logger: Logger
}>

export type MonitorQueues = (now: Date) => Promise<void>

/**
 * Samples all queues, stores the samples and compares them with the thresholds. The sample of a queue whose Redis is away
 * is missing, and its alerts stay as they are.
 */
export function createMonitorQueues({ queues, views, metrics, judge, logger }: Dependencies): MonitorQueues {
  const sample = async (name: QueueName, now: Date): Promise<readonly QueueSample[]> => {
    try {
      return [await sampleQueue(queues[name], views, now)]
    } catch (err) {
      logger.warn({ err, queue: name }, 'queue not sampled')
      return []
    }
  }
  return async (now) => {
    const samples = (await Promise.all(QUEUE_NAMES.map((name) => sample(name, now)))).flat()
    await metrics.addSamples(samples, now)
    await judge([...samples.flatMap(toReadings), ...(await readFailures(metrics, now))], now)
  }
}

function toReadings({ queue, depth, oldestWaitingSeconds }: QueueSample): readonly Reading[] {
  return [
    { queue, measure: 'QUEUE_DEPTH', value: depth },
    { queue, measure: 'JOB_AGE', value: Math.round((oldestWaitingSeconds / 60) * 100) / 100 },
  ]
}

/** The jobs of each queue that failed lately, by the counts of all workers. */
async function readFailures({ read }: Pick<QueueMetrics, 'read'>, now: Date): Promise<readonly Reading[]> {
  const from = new Date(now.getTime() - FAILURES_WITHIN_MINUTES * MINUTE_MS)
  const minutes = await read('minute', { from, to: new Date(now.getTime() + MINUTE_MS) })
  return QUEUE_NAMES.map((queue) => {
    const types = minutes.flatMap(({ queues }) => Object.values(queues?.[queue]?.types ?? {}))
    return { queue, measure: 'HIGH_FAILURES', value: types.reduce((sum, { failed = 0 }) => sum + failed, 0) }
  })
}

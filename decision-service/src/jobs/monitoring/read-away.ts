import { firstOfEachRedis, type Queues } from '../frame/open-queues.ts'
import type { QueueName } from '../frame/queues.ts'
import type { Reading } from './queue-alert.ts'

/**
 * Returns a function that reads for how long each Redis of queues has been away, in seconds. Queues that share one have one
 * reading, which is of the first of them: it is one cause.
 */
export function createReadAway(queues: Queues) {
  const since = new Map<QueueName, Date>()
  return (now: Date): readonly Reading[] =>
    firstOfEachRedis(queues).map(({ name: queue, redis }) => {
      if (redis.isReady) since.delete(queue)
      else since.set(queue, since.get(queue) ?? now)
      const awayMs = now.getTime() - (since.get(queue) ?? now).getTime()
      return { queue, measure: 'QUEUE_AWAY', value: Math.round(awayMs / 1000) }
    })
}

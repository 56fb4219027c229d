import type { JobQueue } from '../frame/open-queue.ts'
import type { QueueName } from '../frame/queues.ts'
import { SCORE_OF_A_MS } from '../frame/waiting-jobs.ts'
import type { QueueViews } from './queue-views.ts'

/** The state of a queue at one moment. */
export type QueueSample = Readonly<{
  queue: QueueName
  /** The jobs that wait for a worker, for their next attempt or for a provider; not those scheduled for later. */
  depth: number
  oldestWaitingSeconds: number
}>

/**
 * A delayed job that is due within this waits for its next attempt or for a provider, whose waits are shorter; one that is
 * due later was ordered for then, and nothing is behind.
 */
const DUE_SOON_MS = 10 * 60_000

/** Samples one queue. Rejects with StoreUnavailableError while its Redis is away. */
export async function sampleQueue({ name, redis, use }: JobQueue, views: QueueViews, now: Date): Promise<QueueSample> {
  const dueSoon = (now.getTime() + DUE_SOON_MS) * SCORE_OF_A_MS
  const [view, delayed] = await Promise.all([
    views.find(name),
    use((queue) => redis.zCount(queue.toKey('delayed'), '-inf', dueSoon)),
  ])
  const { counts, oldestWaitingSeconds } = view!
  return { queue: name, depth: counts.waiting + delayed, oldestWaitingSeconds: oldestWaitingSeconds ?? 0 }
}

import type { Queue } from 'bullmq'
import type { JobQueue } from '../frame/open-queue.ts'
import { QUEUES, type QueueName, type Tier } from '../frame/queues.ts'
import { findOldestQueued } from './oldest-queued.ts'

export type JobCounts = Readonly<{
  waiting: number
  active: number
  delayed: number
  completed: number
  failed: number
}>
export type QueueView = Readonly<{
  name: QueueName
  tier: Tier
  paused: boolean
  counts: JobCounts
  oldestWaitingSeconds: number | null
}>

export type QueueViews = Readonly<{
  all(): Promise<readonly QueueView[]>
  find(name: string): Promise<QueueView | null>
}>

/** When the oldest job that waits was recorded; null where none waits. */
export type FindOldest = () => Promise<Date | null>

/** Whether a queue is paused by its record: its Redis may have forgotten it. */
export type IsPaused = (name: QueueName) => Promise<boolean>
const NEVER_PAUSED: IsPaused = async () => false

/**
 * Queues as callers read them, in the given order. The oldest job of a queue is looked for in Redis, unless `findOldest`
 * has another way. A queue is paused where Redis or `isPaused` says so.
 */
export function createQueueViews(
  queues: Readonly<Partial<Record<QueueName, JobQueue>>>,
  findOldest: Readonly<Partial<Record<QueueName, FindOldest>>> = {},
  isPaused: IsPaused = NEVER_PAUSED,
): QueueViews {
  const all = Object.values(queues)
  const view = ({ name, redis, use }: JobQueue) =>
    use(async (queue): Promise<QueueView> => {
      const oldest = await (findOldest[name]?.() ?? findOldestQueued(redis, queue))
      return {
        name,
        tier: QUEUES[name].tier,
        ...(await readQueueState(queue, isPaused)),
        oldestWaitingSeconds: oldest && Math.max(0, (Date.now() - oldest.getTime()) / 1000),
      }
    })
  return {
    all: () => Promise.all(all.map(view)),
    async find(name) {
      const queue = all.find((one) => one.name === name)
      return queue === undefined ? null : view(queue)
    },
  }
}

export async function readQueueState(
  queue: Queue,
  isPaused: IsPaused = NEVER_PAUSED,
): Promise<Pick<QueueView, 'paused' | 'counts'>> {
  const isPausedOnRecord = isPaused(queue.name as QueueName)
  const [inRedis, onRecord, counts] = await Promise.all([queue.isPaused(), isPausedOnRecord, readCounts(queue)])
  return { paused: inRedis || onRecord, counts }
}

/** The jobs of a queue by state. Jobs that wait by priority wait like others. */
async function readCounts(queue: Queue): Promise<JobCounts> {
  const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed')
  const count = (state: string) => counts[state] ?? 0
  return {
    waiting: count('waiting') + count('prioritized'),
    active: count('active'),
    delayed: count('delayed'),
    completed: count('completed'),
    failed: count('failed'),
  }
}

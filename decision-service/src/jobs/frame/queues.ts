import { DAY_SECONDS } from '@redress/shared/time.ts'
import type { KeepJobs } from 'bullmq'

/**
 * How durable a job is. CRITICAL: recorded in MongoDB before it is queued, and recovered where Redis loses it.
 * IMPORTANT: in Redis only, which keeps ended ones for a while. EPHEMERAL: in Redis only, and removed when it has ended.
 */
export type Tier = 'CRITICAL' | 'IMPORTANT' | 'EPHEMERAL'

/** Attempts in all, and the wait between two; an exponential one is the longest wait before the second, and doubles. */
export type Retry = Readonly<{ attempts: number; strategy: 'exponential' | 'fixed'; delayMs: number }>

type QueueDefinition = Readonly<{
  /** The tier of a type in this queue that has none of its own, and its attempts. */
  tier: Tier
  retry: Retry
  /** The jobs of a worker that died go to another one after `lockMs`; workers look for them every `checkEveryMs`. */
  lease: Readonly<{ lockMs: number; checkEveryMs: number }>
  /** Jobs that one worker runs side by side, unless it is configured. */
  concurrency: number
}>

export const QUEUE_NAMES = ['money', 'decisions', 'communication', 'background'] as const
export type QueueName = (typeof QUEUE_NAMES)[number]

/** The queues by their names in Redis, in the API and in metrics. A queue is where a job runs; its type has the tier. */
export const QUEUES: Readonly<Record<QueueName, QueueDefinition>> = {
  money: {
    tier: 'CRITICAL',
    retry: { attempts: 10, strategy: 'exponential', delayMs: 2_000 },
    lease: { lockMs: 10_000, checkEveryMs: 5_000 },
    concurrency: 5,
  },
  decisions: {
    tier: 'CRITICAL',
    retry: { attempts: 5, strategy: 'exponential', delayMs: 2_000 },
    lease: { lockMs: 5_000, checkEveryMs: 2_500 },
    // Jobs that run side by side share their transactions.
    concurrency: 200,
  },
  communication: {
    tier: 'IMPORTANT',
    retry: { attempts: 3, strategy: 'fixed', delayMs: 5_000 },
    lease: { lockMs: 10_000, checkEveryMs: 5_000 },
    concurrency: 20,
  },
  background: {
    tier: 'EPHEMERAL',
    retry: { attempts: 2, strategy: 'fixed', delayMs: 10_000 },
    lease: { lockMs: 10_000, checkEveryMs: 5_000 },
    concurrency: 10,
  },
}

const PRIORITY_MAX = 10
const PRIORITY_DEFAULT = 5

/** A priority as BullMQ counts, where 1 is the most urgent. */
export const toBullPriority = (priority: number): number => PRIORITY_MAX + 1 - priority
/** The other way round; BullMQ has 0 for none. */
export const priorityOf = (ofBull: number | undefined): number =>
  ofBull ? PRIORITY_MAX + 1 - ofBull : PRIORITY_DEFAULT

export function isQueueName(name: string): name is QueueName {
  return (QUEUE_NAMES as readonly string[]).includes(name)
}

type Kept = Readonly<{ completed: KeepJobs | boolean; failed: KeepJobs | boolean }>

/** The ended jobs that Redis keeps. Those of the tier CRITICAL are kept in MongoDB as well, and longer. */
export const KEPT_IN_REDIS: Readonly<Record<Tier, (retentionDays: number) => Kept>> = {
  CRITICAL: () => ({ completed: { count: 1_000 }, failed: { count: 1_000 } }),
  IMPORTANT: (days) => ({ completed: { count: 100 }, failed: { age: days * DAY_SECONDS } }),
  EPHEMERAL: () => ({ completed: true, failed: true }),
}

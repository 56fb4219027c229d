import { type } from 'arktype'
import type { Registry } from './job-definition.ts'
import { isQueueName, QUEUE_NAMES, QUEUES, type QueueName } from './queues.ts'
import { JOBS } from './registry.ts'

/** Settings of the queues, for every process that adds jobs or runs them. */
export const QueuesEnvironment = type({
  'REDIS_QUEUE_URL?': 'string.url',
  'REDIS_MONEY_URL?': 'string.url',
  'REDIS_COMMUNICATION_URL?': 'string.url',
  'REDIS_BACKGROUND_URL?': 'string.url',
  QUEUE_MAX_RETRIES: "string.integer.parse |> 1 <= number <= 100 = '5'",
  QUEUE_BACKOFF_DELAY_MS: "string.integer.parse |> 1 <= number <= 3600000 = '2000'",
  RECOVERY_WINDOW_HOURS: "string.integer.parse |> 1 <= number <= 8760 = '24'",
  // A decision that waits for a model goes back into the queue, so no attempt takes as long as the wait.
  STUCK_AFTER_MS: "string.integer.parse |> 1000 <= number <= 86400000 = '300000'",
})

const Concurrency = 'string.integer.parse |> 1 <= number <= 1000'

const WorkerQueues = type('string').pipe((text, context) => {
  const names = text.split(',').map((name) => name.trim())
  return names.every(isQueueName) ? names : context.error(`a list of ${QUEUE_NAMES.join(', ')}`)
})

/** Settings of a process that runs jobs. */
export const WorkersEnvironment = type({
  WORKER_QUEUES: WorkerQueues.default(QUEUE_NAMES.join(',')),
  // Jobs that run side by side share their transactions.
  QUEUE_CONCURRENCY: `${Concurrency} = '${QUEUES.decisions.concurrency}'`,
  MONEY_CONCURRENCY: `${Concurrency} = '${QUEUES.money.concurrency}'`,
  COMMUNICATION_CONCURRENCY: `${Concurrency} = '${QUEUES.communication.concurrency}'`,
  BACKGROUND_CONCURRENCY: `${Concurrency} = '${QUEUES.background.concurrency}'`,
})

type Urls = typeof QueuesEnvironment.infer & Readonly<{ REDIS_URL: string }>

/** The address of the Redis of each queue, and the types of job as they are configured. */
export function toQueuesConfig(env: Urls) {
  const usual = env.REDIS_QUEUE_URL ?? env.REDIS_URL
  const urls: Readonly<Record<QueueName, string>> = {
    money: env.REDIS_MONEY_URL ?? usual,
    decisions: usual,
    communication: env.REDIS_COMMUNICATION_URL ?? usual,
    background: env.REDIS_BACKGROUND_URL ?? usual,
  }
  const { 'decide-issue': decide } = JOBS
  const retry = { ...decide.retry, attempts: env.QUEUE_MAX_RETRIES, delayMs: env.QUEUE_BACKOFF_DELAY_MS }
  const registry: Registry = { ...JOBS, 'decide-issue': { ...decide, retry, timeoutMs: env.STUCK_AFTER_MS } }
  return { urls, registry, recoveryWindowHours: env.RECOVERY_WINDOW_HOURS }
}

/** The queues that a worker works on, and how many jobs of each it runs side by side. */
export function toWorkersConfig(env: typeof WorkersEnvironment.infer) {
  const concurrency: Readonly<Record<QueueName, number>> = {
    money: env.MONEY_CONCURRENCY,
    decisions: env.QUEUE_CONCURRENCY,
    communication: env.COMMUNICATION_CONCURRENCY,
    background: env.BACKGROUND_CONCURRENCY,
  }
  return { names: env.WORKER_QUEUES, concurrency }
}

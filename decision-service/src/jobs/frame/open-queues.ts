import { openRedisOf, type Service } from '@redress/shared/service/open-service.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Registry } from './job-definition.ts'
import { type JobQueue, openQueue } from './open-queue.ts'
import { QUEUE_NAMES, type QueueName } from './queues.ts'

export type Queues = Readonly<Record<QueueName, JobQueue>>

type Options = Readonly<{
  /** The address of the Redis of each queue. */
  urls: Readonly<Record<QueueName, string>>
  registry: Registry
}>

/**
 * Opens every queue. Queues with equal addresses share one connection, so that a small installation has one; its health
 * check is `queue`, the one of another address `queue-<first of its queues>`.
 */
export function openQueues(service: Service, { urls, registry }: Options): Queues {
  const { logger, resources } = service
  const connections = new Map<string, Redis>([[urls.decisions, openRedisOf(service, 'queue', urls.decisions)]])
  const open = (name: QueueName): JobQueue => {
    const redis = connections.get(urls[name]) ?? openRedisOf(service, `queue-${name}`, urls[name])
    connections.set(urls[name], redis)
    const queue = openQueue(name, { redis, registry, logger })
    resources.defer(() => queue.close())
    return queue
  }
  return Object.fromEntries(QUEUE_NAMES.map((name) => [name, open(name)])) as Queues
}

/** The first queue of each Redis: an installation may have one for all of them. */
export function firstOfEachRedis(queues: Queues): readonly JobQueue[] {
  const all = Object.values(queues)
  return all.filter(({ redis }, index) => all.findIndex((one) => one.redis === redis) === index)
}

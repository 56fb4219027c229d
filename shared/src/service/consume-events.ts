import { exposeConsumer } from '../events/event-metrics.ts'
import { type ConsumerOptions, startStreamConsumer } from '../events/stream-consumer.ts'
import type { Service } from './open-service.ts'

/** A consumer of the events of some streams. */
export type EventHandling = Pick<
  ConsumerOptions,
  'streams' | 'group' | 'isRelevant' | 'apply' | 'afterCommit' | 'recover' | 'gatherMs'
>

/** Consumes events until the service is closed, and shows how far behind it is. */
export async function consumeEvents(service: Service, handling: EventHandling): Promise<void> {
  const { mongo, db, redis, telemetry, logger, metrics, resources } = service
  const consumer = await startStreamConsumer({ mongo, db, redis, telemetry, logger, ...handling })
  resources.defer(() => consumer.stop())
  exposeConsumer(metrics, { db, redis, ...handling })
}

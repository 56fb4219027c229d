import type { RecordEvents } from '../events/dead-letters/dead-letter-alerts.ts'
import { createDeadLetterResolvers } from '../events/dead-letters/dead-letter-resolvers.ts'
import { createDeadLetters } from '../events/dead-letters/dead-letters.ts'
import { exposeConsumer } from '../events/event-metrics.ts'
import { type ConsumerOptions, startStreamConsumer } from '../events/stream-consumer.ts'
import type { Service } from './open-service.ts'

/** A consumer of the events of some streams. */
export type EventHandling = Pick<
  ConsumerOptions,
  'streams' | 'group' | 'isRelevant' | 'apply' | 'afterCommit' | 'recover' | 'gather'
> &
  Readonly<{ record: RecordEvents }>

type Consuming = Pick<Service, 'mongo' | 'db' | 'redis' | 'telemetry' | 'logger' | 'metrics' | 'resources'>

/**
 * Consumes events until the service is closed, and shows how far behind it is. Gives the part of the subgraph that lists
 * and replays the events that could not be applied.
 */
export async function consumeEvents(service: Consuming, handling: EventHandling) {
  const { mongo, db, redis, telemetry, logger, metrics, resources } = service
  const consumer = await startStreamConsumer({ mongo, db, redis, telemetry, logger, ...handling })
  resources.defer(() => consumer.stop())
  exposeConsumer(metrics, { db, redis, ...handling })
  const deadLetters = createDeadLetters({ mongo, db, ...handling, now: () => new Date() })
  return { resolvers: createDeadLetterResolvers(handling.group, deadLetters) }
}

import type { RecordEvents } from '../events/dead-letters/dead-letter-alerts.ts'
import { createDeadLetterResolvers } from '../events/dead-letters/dead-letter-resolvers.ts'
import { createDeadLetters } from '../events/dead-letters/dead-letters.ts'
import { createFollowActs, type FollowActs, isActOnDeadLetters } from '../events/dead-letters/follow-acts.ts'
import type { ListDeadEvents } from '../events/dead-letters/list-dead-events.ts'
import { exposeConsumer } from '../events/event-metrics.ts'
import { type ConsumerOptions, startStreamConsumer } from '../events/stream-consumer.ts'
import type { Service } from './open-service.ts'

/** A consumer of the events of some streams. */
export type EventHandling = Pick<
  ConsumerOptions,
  'streams' | 'group' | 'isRelevant' | 'apply' | 'afterCommit' | 'recover' | 'gather'
> &
  Readonly<{
    record: RecordEvents
    list: ListDeadEvents
    /** Follows the acts on dead letters of the group that are not events of a stream. */
    followOther?: FollowActs
  }>

type Consuming = Pick<Service, 'mongo' | 'db' | 'redis' | 'telemetry' | 'logger' | 'metrics' | 'resources'>

/**
 * Consumes events until the service is closed, and shows how far behind it is. Gives the part of the subgraph that lists
 * and replays the events that could not be applied.
 */
export async function consumeEvents(service: Consuming, handling: EventHandling) {
  const { mongo, db, redis, telemetry, logger, metrics, resources } = service
  const own = followingActs(handling, createFollowActs({ db, ...handling }))
  const consumer = await startStreamConsumer({ mongo, db, redis, telemetry, logger, ...own })
  resources.defer(() => consumer.stop())
  exposeConsumer(metrics, { db, redis, ...handling })
  const deadLetters = createDeadLetters({ mongo, db, ...handling, now: () => new Date() })
  return { resolvers: createDeadLetterResolvers(handling.group, deadLetters) }
}

/** The handling that does beside its own what was done to dead letters of the group in the list of all services. */
function followingActs(handling: EventHandling, follow: FollowActs): EventHandling {
  const { isRelevant = () => true, apply, followOther } = handling
  return {
    ...handling,
    isRelevant: (event) => isActOnDeadLetters(event) || isRelevant(event),
    async apply(events, session, how) {
      await follow(events, session)
      await followOther?.(events, session)
      const own = events.filter(isRelevant)
      if (own.length > 0) await apply(own, session, how)
    },
  }
}

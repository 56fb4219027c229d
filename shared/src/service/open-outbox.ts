import type { StreamName } from '../events/envelope.ts'
import { exposeOutbox } from '../events/event-metrics.ts'
import { createOutbox, type Outbox, prepareOutbox } from '../events/outbox.ts'
import { startOutboxRelay } from '../events/outbox-relay.ts'
import type { Service } from './open-service.ts'

/** The outbox of a service with its metrics, and a relay that publishes it to `stream`. */
export async function openOutbox(service: Service, stream: StreamName): Promise<Outbox> {
  const { mongo, db, redis, logger, metrics, resources, config } = service
  await prepareOutbox(db)
  exposeOutbox(metrics, { db, stream })
  const { groupGoneAfterMs } = config.events
  const relay = await startOutboxRelay({ mongo, db, redis, stream, groupGoneAfterMs, logger })
  resources.defer(() => relay.stop())
  return createOutbox(db, relay.wake)
}

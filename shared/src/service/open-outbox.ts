import type { StreamName } from '../events/envelope.ts'
import { createOutbox, type Outbox, prepareOutbox } from '../events/outbox.ts'
import { startOutboxRelay } from '../events/outbox-relay.ts'
import type { Service } from './open-service.ts'

/** The outbox of a service, and a relay that publishes it to `stream`. */
export async function openOutbox(
  { mongo, db, redis, logger, resources }: Service,
  stream: StreamName,
): Promise<Outbox> {
  await prepareOutbox(db)
  const relay = await startOutboxRelay({ mongo, db, redis, stream, logger })
  resources.defer(() => relay.stop())
  return createOutbox(db, relay.wake)
}

import { afterAll } from 'vitest'
import type { Role } from '../access/permissions.ts'
import { deadEventCollection } from '../events/dead-letters/dead-events.ts'
import type { DomainEvent } from '../events/envelope.ts'
import { consumeEvents, type EventHandling } from '../service/consume-events.ts'
import type { Service } from '../service/open-service.ts'
import { combineParts } from '../subgraph/combine-parts.ts'
import { serveSubgraph } from '../subgraph/serve-subgraph.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { NO_TELEMETRY } from '../telemetry/telemetry.ts'
import { ask, tokenOf, verifyToken, withRole } from './callers.ts'
import { openStreams } from './published-events.ts'
import { silent } from './stores.ts'

type Stores = Pick<Service, 'mongo' | 'db' | 'redis'>
type Options = Readonly<{ schemaFile: URL; handling: EventHandling }>

/** Consumes events as a service does, and serves their dead letters by the schema of the service. */
export async function serveDeadLetters({ mongo, db, redis }: Stores, { schemaFile, handling }: Options) {
  const resources = new AsyncDisposableStack()
  afterAll(() => resources.disposeAsync())
  await openStreams(redis)
  const common = { logger: silent, metrics: createMetrics({ token: null }) }
  const service = { mongo, db, redis, telemetry: NO_TELEMETRY, resources, ...common }
  const { resolvers } = combineParts(await consumeEvents(service, handling))
  const subgraph = await serveSubgraph({
    ...{ name: handling.group, schemaFile, resolvers, createLoaders: () => ({}), verifyToken, checks: {} },
    ...{ port: 0, host: '127.0.0.1', logger: silent },
  })
  resources.defer(subgraph.close)
  const send = async (role: Role, query: string) => ask(subgraph.url, { query, token: await tokenOf(withRole(role)) })

  const { group } = handling
  const Group = `${group[0]!.toUpperCase()}${group.slice(1)}`
  const replay = `mutation { result: replay${Group}DeadLetters { replayed isComplete } }`
  const list = `{ result: ${group}DeadLetters(filter: { isDead: true }) { totalCount nodes { eventId eventType reason } } }`
  return {
    /** Stores an event as one that the group could not apply. */
    async addDeadLetter(event: DomainEvent) {
      const place = { group, stream: handling.streams[0]!, sequence: 1, entity: null, eventType: event.type }
      const failure = { reason: 'Error: no', attempts: 10, nextAttemptAt: null, at: new Date() }
      await deadEventCollection(db).insertOne({ _id: event.id, ...place, text: JSON.stringify(event), ...failure })
    },
    list: (role: Role) => send(role, list),
    replay: (role: Role) => send(role, replay),
  }
}

import { expect, it, onTestFinished } from 'vitest'
import { inTransaction } from '../stores/mongo.ts'
import type { RequestContext } from '../subgraph/request-context.ts'
import { startTelemetry, type Telemetry } from '../telemetry/telemetry.ts'
import { eventOf } from '../testing/events.ts'
import { serveSmallSubgraph } from '../testing/small-subgraph.ts'
import { openTestDatabase, openTestRedis, silent } from '../testing/stores.ts'
import { startTraceReceiver } from '../testing/trace-receiver.ts'
import { STREAMS, tracedBy } from './envelope.ts'
import { createOutbox, prepareOutbox } from './outbox.ts'
import { startOutboxRelay } from './outbox-relay.ts'
import { startStreamConsumer } from './stream-consumer.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const SCHEMA = 'type Query { ping: String }  type Mutation { rename: String }'

const { mongo, db } = await openTestDatabase()
const redis = await openTestRedis(6)
await prepareOutbox(db)

/** A subgraph whose one mutation leaves an event, and a relay that publishes it. */
async function serve(telemetry: Telemetry) {
  const relay = await startOutboxRelay({ mongo, db, redis, stream: STREAMS.issues, logger: silent })
  onTestFinished(relay.stop)
  const outbox = createOutbox(db, relay.wake)
  const rename = async (_: unknown, __: unknown, { requestId, trace }: RequestContext<unknown>) => {
    const event = eventOf('thing', 1, { requestId, ...tracedBy(trace) })
    await inTransaction(mongo, (session) => outbox.add([event], session))
    outbox.wake()
  }
  return serveSmallSubgraph({ schema: SCHEMA, resolvers: { Mutation: { rename } }, telemetry })
}

it('a request, its event and the handling of the event in another process are one trace', async () => {
  const receiver = await startTraceReceiver()
  onTestFinished(receiver.close)
  const open = (name: string) => startTelemetry(name, { endpoint: receiver.url, serviceName: null, logger: silent })
  const [writer, reader] = [await open('things'), await open('readers')]
  const { post } = await serve(writer)
  const { promise: applied, resolve } = Promise.withResolvers<string | undefined>()
  const consumer = await startStreamConsumer({
    ...{ mongo, db, redis, streams: [STREAMS.issues], group: 'readers', telemetry: reader, logger: silent },
    apply: async ([event]) => resolve(event?.trace),
  })

  await post('mutation { rename }', { traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`, 'x-request-id': 'r-1' })
  const trace = await applied
  await consumer.stop()
  await Promise.all([writer.stop(), reader.stop()])

  const request = receiver.spans.find(({ service }) => service === 'redress-things')
  const effect = receiver.spans.find(({ service }) => service === 'redress-readers')
  expect(request).toMatchObject({ traceId: TRACE_ID, parentSpanId: 'b7ad6b7169203331', name: 'graphql small' })
  expect(effect).toMatchObject({
    ...{ traceId: TRACE_ID, parentSpanId: request?.spanId, name: 'readers applies thing.changed' },
    attributes: { eventId: 'thing-1', entityId: 'thing', requestId: 'r-1' },
  })
  expect(trace).toBe(`00-${TRACE_ID}-${effect?.spanId}-01`)
})

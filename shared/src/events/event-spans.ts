import type { Span } from '../telemetry/span.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { type DomainEvent, tracedBy } from './envelope.ts'

type Carrier = Readonly<{ event: DomainEvent }>
type Options = Readonly<{ group: string; telemetry: Telemetry }>

/**
 * Applies a batch of events within a span for each event that belongs to a trace. The events are passed on with the
 * traceparent of their span, so that what they cause is a part of it.
 */
export async function withSpans<T extends Carrier>(
  carriers: readonly T[],
  options: Options,
  apply: (carriers: readonly T[]) => Promise<void>,
): Promise<void> {
  const spans: Span[] = []
  const traced = carriers.map((carrier) => {
    if (carrier.event.trace === undefined) return carrier
    const span = startSpan(carrier.event, options)
    spans.push(span)
    // Without tracing in this process, the trace of the event is passed on as it is.
    return { ...carrier, event: { ...carrier.event, ...tracedBy(span.traceparent) } }
  })
  try {
    await apply(traced)
    for (const span of spans) span.end()
  } catch (error) {
    for (const span of spans) span.end(error)
    throw error
  }
}

function startSpan({ id, type, entity, requestId, trace }: DomainEvent, { group, telemetry }: Options): Span {
  const attributes = { eventId: id, entityId: entity.id, ...(requestId !== null && { requestId }) }
  return telemetry.startSpan({ name: `${group} applies ${type}`, kind: 'consumer', attributes, parent: trace })
}

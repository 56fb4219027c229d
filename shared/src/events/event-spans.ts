import type { Span } from '../telemetry/span.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { type DomainEvent, tracedBy } from './envelope.ts'

type Carrier = Readonly<{ event: DomainEvent }>
type Options = Readonly<{ group: string; telemetry: Telemetry }>

/**
 * Applies events, which may come of many requests, with a span for each that belongs to a trace. What they lead to
 * belongs to that span: the events are handed on as parts of it.
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
    // Where this process makes no traces, what comes after it is still a part of what came before.
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

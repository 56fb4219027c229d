export type Attributes = Readonly<Record<string, string | number | boolean>>

/** One operation as part of a trace. `traceparent` (W3C) is handed to the calls, events and jobs that are a part of it. */
export type Span = Readonly<{
  traceparent: string | null
  note: (attributes: Attributes) => void
  /** @param error the failure, if it failed. Its code is recorded, never its message. */
  end: (error?: unknown) => void
}>

/** An operation that is about to start. `parent` is the traceparent it belongs to; without one, a trace begins. */
export type Work = Readonly<{
  name: string
  /** server and client: the two ends of a call; consumer: the handling of an event or a job. */
  kind: 'server' | 'client' | 'consumer' | 'internal'
  attributes: Attributes
  parent: string | null | undefined
}>

export type SpanSource = Readonly<{
  startSpan: (work: Work) => Span
  /** Sends the remaining spans, as far as they can be sent within two seconds. */
  stop: () => Promise<void>
}>

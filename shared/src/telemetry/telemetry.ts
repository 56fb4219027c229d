import type { Logger } from '../process/logger.ts'
import type { Exported } from './telemetry-export.ts'

export type Attributes = Readonly<Record<string, string | number | boolean>>

/** Something that is being done, as part of a trace. `traceparent` (W3C) is what to tell whoever does a part of it. */
export type Span = Readonly<{
  traceparent: string | null
  note: (attributes: Attributes) => void
  /** @param error why it came to no good end, where it did not: its code, never its message. */
  end: (error?: unknown) => void
}>

/** What is about to be done. `parent` is the traceparent of what it is a part of; without one, a trace begins. */
export type Work = Readonly<{
  name: string
  /** server and client: the two ends of a call; consumer: an event or a job that somebody left. */
  kind: 'server' | 'client' | 'consumer' | 'internal'
  attributes: Attributes
  parent: string | null | undefined
}>

export type Telemetry = Readonly<{
  startSpan: (work: Work) => Span
  /** A span around `run`, which ends as it does. */
  withSpan: <T>(work: Work, run: (span: Span) => Promise<T>) => Promise<T>
  /** Sends what is left, as far as it can be sent within STOP_MS. */
  stop: () => Promise<void>
}>

export type TelemetryOptions = Readonly<{
  /** The OTLP collector's address, without a path; null: no traces. */
  endpoint: string | null
  serviceName: string | null
  logger: Logger
}>

const NO_SPAN: Span = { traceparent: null, note: () => {}, end: () => {} }

/** Traces nothing, and costs nothing. */
export const NO_TELEMETRY: Telemetry = {
  startSpan: () => NO_SPAN,
  withSpan: (_, run) => run(NO_SPAN),
  stop: async () => {},
}

/** Traces what this process does, where a collector is named; otherwise not a line of OpenTelemetry is loaded. */
export async function startTelemetry(service: string, options: TelemetryOptions): Promise<Telemetry> {
  const { endpoint, serviceName, logger } = options
  if (endpoint === null) return NO_TELEMETRY
  const { startExport } = await import('./telemetry-export.ts')
  return createTelemetry(startExport({ endpoint, serviceName: serviceName ?? `redress-${service}`, logger }))
}

function createTelemetry({ startSpan, stop }: Exported): Telemetry {
  return {
    startSpan,
    async withSpan(work, run) {
      const span = startSpan(work)
      try {
        const result = await run(span)
        span.end()
        return result
      } catch (error) {
        span.end(error)
        throw error
      }
    },
    stop,
  }
}

import type { Logger } from '../process/logger.ts'
import type { Span, SpanSource, Work } from './span.ts'

export type Telemetry = SpanSource &
  Readonly<{
    /** Runs `run` within a span, which ends as `run` does. */
    withSpan: <T>(work: Work, run: (span: Span) => Promise<T>) => Promise<T>
  }>

export type TelemetryOptions = Readonly<{
  /** Address of the OTLP collector, without a path; null disables tracing. */
  endpoint: string | null
  serviceName: string | null
  logger: Logger
}>

const NO_SPAN: Span = { traceparent: null, note: () => {}, end: () => {} }

/** Telemetry that does nothing. */
export const NO_TELEMETRY: Telemetry = {
  startSpan: () => NO_SPAN,
  withSpan: (_, run) => run(NO_SPAN),
  stop: async () => {},
}

/** Traces this process if a collector is configured; otherwise OpenTelemetry is not even loaded. */
export async function startTelemetry(service: string, options: TelemetryOptions): Promise<Telemetry> {
  const { endpoint, serviceName, logger } = options
  if (endpoint === null) return NO_TELEMETRY
  const { startExport } = await import('./telemetry-export.ts')
  return createTelemetry(startExport({ endpoint, serviceName: serviceName ?? `redress-${service}`, logger }))
}

function createTelemetry({ startSpan, stop }: SpanSource): Telemetry {
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

import { ROOT_CONTEXT, type SpanContext, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-node'
import { AppError } from '../errors.ts'
import type { Logger } from '../process/logger.ts'
import { succeedsWithin } from '../resilience/deadline.ts'
import type { Span, SpanSource, Work } from './span.ts'

/** Spans that wait at most; further ones are dropped. */
const WAITING_MAX = 2_048
const BATCH_MAX = 512
const EVERY_MS = 1_000
const EXPORT_MS = 3_000
const STOP_MS = 2_000
/** Interval of the log line about a collector that is away. */
const WARN_EVERY_MS = 60_000

type Options = Readonly<{ endpoint: string; serviceName: string; logger: Logger }>

/** Exports spans by OpenTelemetry. Loaded by `telemetry.ts` only if a collector is configured. */
export function startExport({ endpoint, serviceName, logger }: Options): SpanSource {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`
  const exporter = withoutFailures(new OTLPTraceExporter({ url, timeoutMillis: EXPORT_MS }), logger)
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'process.pid': process.pid }),
    spanProcessors: [
      new BatchSpanProcessor(exporter, {
        maxQueueSize: WAITING_MAX,
        maxExportBatchSize: BATCH_MAX,
        scheduledDelayMillis: EVERY_MS,
        exportTimeoutMillis: EXPORT_MS,
      }),
    ],
  })
  const tracer = provider.getTracer('redress')

  return {
    startSpan: (work) => startSpan(tracer, work),
    stop: async () => void (await succeedsWithin(STOP_MS, provider.shutdown())),
  }
}

const KINDS: Readonly<Record<Work['kind'], SpanKind>> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
}

function startSpan(tracer: Tracer, { name, kind, attributes, parent }: Work): Span {
  const above = toSpanContext(parent ?? '')
  const context = above === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, above)
  const span = tracer.startSpan(name, { kind: KINDS[kind], attributes }, context)
  return {
    traceparent: toTraceparent(span.spanContext()),
    note: (more) => void span.setAttributes(more),
    end(error) {
      if (error !== undefined) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: labelOf(error) })
      }
      span.end()
    },
  }
}

/** Codes and names only: messages may hold personal data. */
function labelOf(error: unknown): string {
  if (error instanceof AppError) return error.code
  return error instanceof Error ? error.name : 'ERROR'
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})/

/** Null if it is not a W3C traceparent; a new trace begins then. */
function toSpanContext(traceparent: string): SpanContext | null {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
}

function toTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & 1}`
}

/** Drops what cannot be sent, with a line in the log: tracing must not disturb the work. */
function withoutFailures(exporter: SpanExporter, logger: Logger): SpanExporter {
  let warnedAt = Number.NEGATIVE_INFINITY
  return {
    export: (spans, done) =>
      exporter.export(spans, ({ code, error: err }) => {
        if (code !== 0 && performance.now() - warnedAt > WARN_EVERY_MS) {
          warnedAt = performance.now()
          logger.warn({ err, spans: spans.length }, 'traces not sent')
        }
        done({ code: 0 })
      }),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  }
}

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ForbiddenError } from '../errors.ts'
import { answerJson, startHttpServer } from '../process/http.ts'
import { serveSmallSubgraph } from '../testing/small-subgraph.ts'
import { startTraceReceiver } from '../testing/trace-receiver.ts'
import { NO_TELEMETRY, startTelemetry } from './telemetry.ts'

const silent = pino({ level: 'silent' })
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const CALLER = `00-${TRACE_ID}-b7ad6b7169203331-01`
const ANYWHERE = { port: 0, host: '127.0.0.1' }
const work = { name: 'weigh', kind: 'internal', attributes: {}, parent: null } as const

async function open() {
  const receiver = await startTraceReceiver()
  onTestFinished(receiver.close)
  const telemetry = await startTelemetry('scales', { endpoint: receiver.url, serviceName: null, logger: silent })
  onTestFinished(telemetry.stop)
  return { telemetry, spans: receiver.spans }
}

describe('telemetry', () => {
  it('sends spans with their parents to the collector', async () => {
    const { telemetry, spans } = await open()

    const answer = await telemetry.withSpan({ ...work, name: 'outer' }, ({ traceparent }) =>
      telemetry.withSpan({ ...work, name: 'inner', parent: traceparent, attributes: { grams: 7 } }, async () => 'done'),
    )
    await telemetry.stop()

    const [inner, outer] = spans
    expect(answer).toBe('done')
    expect(outer).toMatchObject({ name: 'outer', service: 'redress-scales', parentSpanId: undefined })
    expect(inner).toMatchObject({ name: 'inner', parentSpanId: outer?.spanId, traceId: outer?.traceId })
    expect(inner?.attributes).toEqual({ grams: 7 })
  })

  it('continues the trace of a caller by its W3C traceparent', async () => {
    const { telemetry, spans } = await open()

    const traceparent = await telemetry.withSpan({ ...work, parent: CALLER }, async (span) => span.traceparent)
    await telemetry.stop()

    expect(spans).toMatchObject([{ traceId: TRACE_ID, parentSpanId: 'b7ad6b7169203331' }])
    expect(traceparent).toBe(`00-${TRACE_ID}-${spans[0]?.spanId}-01`)
  })

  it('sends nothing of a trace that its caller does not sample, and passes that on', async () => {
    const { telemetry, spans } = await open()

    const traceparent = await telemetry.withSpan(
      { ...work, parent: `00-${TRACE_ID}-b7ad6b7169203331-00` },
      async (span) => span.traceparent,
    )
    await telemetry.stop()

    expect(spans).toEqual([])
    expect(traceparent).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`))
  })

  it.for([
    ['', 'nothing'],
    ['nonsense', 'no traceparent'],
    [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, 'the trace that is none'],
    [`ff-${TRACE_ID}-b7ad6b7169203331-01`, 'a version that is none'],
  ])('begins a trace where it is told "%s": %s', async ([parent]) => {
    const { telemetry, spans } = await open()

    await telemetry.withSpan({ ...work, parent }, async () => {})
    await telemetry.stop()

    expect(spans).toHaveLength(1)
    expect(spans[0]).toMatchObject({ parentSpanId: undefined, traceId: expect.stringMatching(/^(?!0{32})\w{32}$/) })
  })

  it('records the code of an error, never its message, and rethrows it', async () => {
    const { telemetry, spans } = await open()
    const refuse = async () => {
      throw new ForbiddenError('issue:read')
    }

    await expect(telemetry.withSpan(work, refuse)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await telemetry.stop()

    expect(spans).toMatchObject([{ failure: 'FORBIDDEN' }])
  })

  it('uses the configured service name', async () => {
    const receiver = await startTraceReceiver()
    onTestFinished(receiver.close)
    const named = { endpoint: `${receiver.url}/`, serviceName: 'canary', logger: silent }
    const telemetry = await startTelemetry('scales', named)

    telemetry.startSpan(work).end()
    await telemetry.stop()

    expect(receiver.spans).toMatchObject([{ service: 'canary' }])
  })

  it('does not disturb the work when the collector is away, and logs one line', async () => {
    const { url, close } = await startHttpServer((_, response) => answerJson(response, 400, {}), ANYWHERE)
    onTestFinished(close)
    const lines: unknown[] = []
    const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
    const telemetry = await startTelemetry('scales', { endpoint: url, serviceName: null, logger })

    const answer = await telemetry.withSpan(work, async () => 'done')
    await telemetry.stop()

    expect(answer).toBe('done')
    expect(lines).toMatchObject([{ msg: 'traces not sent', spans: 1 }])
  })
})

describe('telemetry that is off', () => {
  it('is the same for everybody, and has no traceparent', async () => {
    const telemetry = await startTelemetry('scales', { endpoint: null, serviceName: null, logger: silent })

    expect(telemetry).toBe(NO_TELEMETRY)
    expect(await telemetry.withSpan({ ...work, parent: CALLER }, async (span) => span.traceparent)).toBeNull()
  })

  it('loads nothing of OpenTelemetry', async () => {
    const url = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)
    const program = `
      import { createRequire } from 'node:module'
      const { startTelemetry } = await import(${url('telemetry.ts')})
      const loaded = () => Object.keys(createRequire(${url('telemetry.ts')}).cache).filter((file) => file.includes('opentelemetry'))
      await startTelemetry('scales', { endpoint: null, serviceName: null })
      const off = loaded().length
      const telemetry = await startTelemetry('scales', { endpoint: 'http://127.0.0.1:9', serviceName: null })
      await telemetry.stop()
      process.stdout.write(JSON.stringify({ off, on: loaded().length > 0 }))`

    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])

    expect(JSON.parse(stdout)).toEqual({ off: 0, on: true })
  })
})

describe('a subgraph', () => {
  it('answers as a part of the trace of its caller, and resolvers know of which', async () => {
    const { telemetry, spans } = await open()
    const weigh = (_: unknown, __: unknown, { trace }: { trace: string | null }) => trace
    const schema = 'type Query { weigh: String }'
    const { post } = await serveSmallSubgraph({ schema, resolvers: { Query: { weigh } }, telemetry })

    const response = await post('{ weigh }', { traceparent: CALLER, 'x-request-id': 'r-1' })
    const { data } = (await response.json()) as { data: unknown }
    await telemetry.stop()

    expect(spans).toMatchObject([{ name: 'graphql small', traceId: TRACE_ID, parentSpanId: 'b7ad6b7169203331' }])
    expect(spans[0]?.attributes).toEqual({ 'graphql.operation.type': 'query', code: 'OK', requestId: 'r-1' })
    expect(data).toEqual({ weigh: `00-${TRACE_ID}-${spans[0]?.spanId}-01` })
  })
})

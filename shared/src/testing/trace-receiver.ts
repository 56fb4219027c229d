import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type ReceivedSpan = Readonly<{
  service: string
  name: string
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  kind: number
  attributes: Readonly<Record<string, unknown>>
  /** The failure; undefined on success. */
  failure: string | undefined
}>

/** A collector that receives OTLP over HTTP as JSON and keeps the spans. */
export async function startTraceReceiver() {
  const spans: ReceivedSpan[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    if (request.url === '/v1/traces') spans.push(...toSpans(JSON.parse(Buffer.concat(chunks).toString())))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: spans as readonly ReceivedSpan[],
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

type Attribute = { key: string; value: Record<string, unknown> }
type Span = Omit<ReceivedSpan, 'attributes'> & { attributes: readonly Attribute[]; status: { message?: string } }
type Payload = {
  resourceSpans: readonly {
    resource: { attributes: readonly Attribute[] }
    scopeSpans: readonly { spans: readonly Span[] }[]
  }[]
}

function toSpans({ resourceSpans }: Payload): readonly ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(toRecord(resource.attributes)['service.name'])
    return scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ name, traceId, spanId, parentSpanId, kind, attributes, status }) => ({
        ...{ service, name, traceId, spanId, parentSpanId, kind },
        attributes: toRecord(attributes),
        failure: status.message,
      }))
  })
}

/** A value is wrapped in the name of its type. */
function toRecord(attributes: readonly Attribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

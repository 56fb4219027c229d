import { HeaderMap } from '@apollo/server'
import { parseJson, readBody } from '@redress/shared/http.ts'
import type { VerifyToken } from '../access/verify-token.ts'
import type { OperationContext } from '../execution/operation-context.ts'
import type { GraphqlServer } from '../operations/graphql-server.ts'
import type { Exchange } from './exchange.ts'
import { traceparentOf } from './request-facts.ts'

/** A batch of issues with long notes fits many times over. */
const BODY_BYTES_MAX = 1024 * 1024

export type GraphqlRouteOptions = Readonly<{ server: GraphqlServer; verifyToken: VerifyToken }>

/** Answers GraphQL over HTTP. Who does not say who they are is refused before the body is read. */
export function createGraphqlRoute({ server, verifyToken }: GraphqlRouteOptions) {
  return async (exchange: Exchange): Promise<void> => {
    const { request, response, search, observed } = exchange
    const principal = await verifyToken(request.headers.authorization ?? null)
    observed.actor = principal.id
    const body = await readOperation(exchange)
    const context = toContext(exchange, principal)

    const answer = await server.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: request.method ?? 'POST', headers: headersOf(exchange), body, search },
      context: async () => context,
    })
    // Apollo answers in one piece: the gateway offers no incremental delivery.
    const text = answer.body.kind === 'complete' ? answer.body.string : ''
    response.writeHead(answer.status ?? 200, Object.fromEntries(answer.headers))
    response.end(text)
  }
}

/** Only a body that says it is JSON is read; what to say about any other, Apollo knows. */
async function readOperation({ request }: Exchange): Promise<unknown> {
  const isJson = /^application\/json\b/i.test(request.headers['content-type'] ?? '')
  if (request.method !== 'POST' || !isJson) return undefined
  return parseJson(await readBody(request, BODY_BYTES_MAX))
}

function toContext(exchange: Exchange, principal: OperationContext['principal']): OperationContext {
  const { request, response, requestId, clientIp, observed } = exchange
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return { principal, requestId, clientIp, traceparent: traceparentOf(request), signal: gone.signal, observed }
}

function headersOf({ request }: Exchange): HeaderMap {
  const headers = new HeaderMap()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return headers
}

import { answerText, parseJson, readBody } from '@redress/shared/http.ts'
import type { VerifyToken } from '../access/verify-token.ts'
import type { OperationContext } from '../execution/operation-context.ts'
import { type OperationRequest, readSearch, toOperationRequest } from '../operations/operation-request.ts'
import { BadRequestError } from '../operations/refusal.ts'
import type { Operations } from '../operations/run-operation.ts'
import type { Exchange } from './exchange.ts'
import { traceparentOf } from './request-facts.ts'

/** A batch of issues with long notes fits many times over. */
const BODY_BYTES_MAX = 1024 * 1024
/** A page of a foreign site cannot send these without asking first. */
const PREFLIGHT_HEADERS = ['apollo-require-preflight', 'x-apollo-operation-name', 'graphql-require-preflight']

export type GraphqlRouteOptions = Readonly<{ operations: Operations; verifyToken: VerifyToken }>

/** Answers GraphQL over HTTP. Who does not say who they are is refused before the body is read. */
export function createGraphqlRoute({ operations, verifyToken }: GraphqlRouteOptions) {
  return async (exchange: Exchange): Promise<void> => {
    const { request, response, observed } = exchange
    const principal = await verifyToken(request.headers.authorization ?? null)
    observed.actor = principal.id
    const operation = await readOperation(exchange)
    const context = toContext(exchange, principal)

    const { status, text } = await operations.run(operation, context, { readOnly: request.method === 'GET' })
    if (status === 405) response.setHeader('allow', 'POST')
    answerText(response, status, text)
  }
}

async function readOperation({ request, search }: Exchange): Promise<OperationRequest> {
  if (request.method === 'GET') {
    if (!PREFLIGHT_HEADERS.some((name) => request.headers[name])) {
      throw new BadRequestError(`Send one of the headers ${PREFLIGHT_HEADERS.join(', ')}, or a POST.`)
    }
    return readSearch(search)
  }
  // What a form of a foreign page can send is never JSON.
  const isJson = /^application\/(graphql\+)?json\b/i.test(request.headers['content-type'] ?? '')
  if (!isJson) throw new BadRequestError('Send JSON, and say so: content-type: application/json.')
  return toOperationRequest(parseJson(await readBody(request, BODY_BYTES_MAX)))
}

function toContext(exchange: Exchange, principal: OperationContext['principal']): OperationContext {
  const { request, response, requestId, clientIp, observed } = exchange
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return {
    principal,
    scope: JSON.stringify([principal.id, principal.roles, principal.customerId]),
    requestId,
    clientIp,
    traceparent: traceparentOf(request),
    signal: gone.signal,
    event: null,
    observed,
  }
}

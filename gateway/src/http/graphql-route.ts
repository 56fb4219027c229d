import { parseJson, readBody } from '@redress/shared/process/http.ts'
import type { Telemetry } from '@redress/shared/telemetry/telemetry.ts'
import { admit } from '../access/admit.ts'
import type { Authenticate } from '../access/authenticate.ts'
import type { Caller } from '../access/caller.ts'
import { credentialsIn } from '../access/credentials.ts'
import { pushHeaders, type RateLimiter } from '../access/rate-limit.ts'
import { Cancellation } from '../execution/cancellation.ts'
import type { OperationContext } from '../execution/operation-context.ts'
import { type OperationRequest, readSearch, toOperationRequest } from '../operations/operation-request.ts'
import { BadRequestError } from '../operations/refusal.ts'
import type { Operations } from '../operations/run-operation.ts'
import { type Exchange, sendJson } from './exchange.ts'
import { traceparentOf } from './request-facts.ts'

/** Many times the size of a batch of issues with long notes. */
const BODY_BYTES_MAX = 1024 * 1024
/** A page of another site cannot send these without a preflight request. */
const PREFLIGHT_HEADERS = ['apollo-require-preflight', 'x-apollo-operation-name', 'graphql-require-preflight']

/** Requests `extensions.cost`, with any value. */
const COST_HEADER = 'x-query-cost'
const ATTRIBUTES = {}

export type GraphqlRouteOptions = Readonly<{
  operations: Operations
  authenticate: Authenticate
  limiter: RateLimiter
  /** Time limit of one operation with all its calls to subgraphs. */
  timeoutMs: number
  telemetry: Telemetry
}>

/** Answers GraphQL over HTTP. Authentication and the general rate limit come before the body is read. */
export function createGraphqlRoute({ operations, authenticate, limiter, timeoutMs, telemetry }: GraphqlRouteOptions) {
  return async (exchange: Exchange): Promise<void> => {
    const { request, observed, clientIp } = exchange
    const found = authenticate(credentialsIn(request), clientIp)
    const caller = found instanceof Promise ? await found : found
    observed.actor = caller.principal.id
    const admitted = admit(limiter, caller, 'general')
    pushHeaders(exchange.headers, admitted instanceof Promise ? await admitted : admitted)

    const operation = await readOperation(exchange)
    const given = toContext(exchange, caller, performance.now() + timeoutMs)
    const options = { readOnly: request.method === 'GET', withCost: request.headers[COST_HEADER] !== undefined }
    const work = { name: 'graphql', kind: 'server', attributes: ATTRIBUTES, parent: given.traceparent } as const
    const { status, text } = await telemetry.withSpan(work, (span) => {
      const context = span.traceparent === null ? given : { ...given, traceparent: span.traceparent }
      return operations.run(operation, context, options)
    })
    if (status === 405) exchange.headers.push('allow', 'POST')
    sendJson(exchange, status, text)
  }
}

async function readOperation({ request, search }: Exchange): Promise<OperationRequest> {
  if (request.method === 'GET') {
    if (!PREFLIGHT_HEADERS.some((name) => request.headers[name])) {
      throw new BadRequestError(`Send one of the headers ${PREFLIGHT_HEADERS.join(', ')}, or a POST.`)
    }
    return readSearch(search)
  }
  // A form of another site cannot send JSON without a preflight request.
  const isJson = /^application\/(graphql\+)?json\b/i.test(request.headers['content-type'] ?? '')
  if (!isJson) throw new BadRequestError('Send JSON, and say so: content-type: application/json.')
  return toOperationRequest(parseJson(await readBody(request, BODY_BYTES_MAX)))
}

function toContext({ request, response, requestId, clientIp, observed }: Exchange, caller: Caller, endsAt: number) {
  const cancellation = new Cancellation()
  response.once('close', () => {
    if (!response.writableFinished) cancellation.cancel()
  })
  const traceparent = traceparentOf(request)
  return {
    caller,
    requestId,
    clientIp,
    traceparent,
    cancellation,
    endsAt,
    event: null,
    observed,
  } satisfies OperationContext
}

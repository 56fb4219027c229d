import type { Telemetry } from '@redress/shared/telemetry/telemetry.ts'
import { admit } from '../access/admit.ts'
import type { Authenticate } from '../access/authenticate.ts'
import type { Caller } from '../access/caller.ts'
import { credentialsIn } from '../access/credentials.ts'
import { pushHeaders, type RateLimiter } from '../access/rate-limit.ts'
import { Cancellation } from '../execution/cancellation.ts'
import type { OperationContext } from '../execution/operation-context.ts'
import { readOperation } from '../operations/read-operation.ts'
import type { Operations } from '../operations/run-operation.ts'
import { type Exchange, sendJson } from './exchange.ts'
import { contentTypeOf } from './negotiate.ts'
import { traceparentOf } from './request-facts.ts'

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
    const { request, observed, clientIp, form } = exchange
    const contentType = contentTypeOf(form)
    const found = authenticate(credentialsIn(request), clientIp)
    const caller = found instanceof Promise ? await found : found
    observed.actor = caller.principal.id
    const admitted = admit(limiter, caller, 'general')
    pushHeaders(exchange.headers, admitted instanceof Promise ? await admitted : admitted)

    const operation = await readOperation(request)
    const given = toContext(exchange, caller, performance.now() + timeoutMs)
    const options = { readOnly: request.method === 'GET', withCost: request.headers[COST_HEADER] !== undefined }
    const work = { name: 'graphql', kind: 'server', attributes: ATTRIBUTES, parent: given.traceparent } as const
    const text = await telemetry.withSpan(work, (span) => {
      const context = span.traceparent === null ? given : { ...given, traceparent: span.traceparent }
      return operations.run(operation, context, options)
    })
    sendJson(exchange, 200, text, contentType)
  }
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

import { answerText, headerOf, parseJson, readBody } from '@redress/shared/http.ts'
import type { Authenticate } from '../access/authenticate.ts'
import type { Caller } from '../access/caller.ts'
import { RateLimitedError } from '../access/errors.ts'
import { headersOf, type RateLimiter, type RateVerdict } from '../access/rate-limit.ts'
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

export type GraphqlRouteOptions = Readonly<{
  operations: Operations
  authenticate: Authenticate
  limiter: RateLimiter
  /** How long any operation may take, however many subgraphs it asks. */
  timeoutMs: number
}>

/** Answers GraphQL over HTTP. Who does not say who they are, or asks too often, is refused before the body is read. */
export function createGraphqlRoute({ operations, authenticate, limiter, timeoutMs }: GraphqlRouteOptions) {
  return async (exchange: Exchange): Promise<void> => {
    const { request, response, observed, clientIp } = exchange
    const credentials = { authorization: headerOf(request, 'authorization'), apiKey: headerOf(request, 'x-api-key') }
    const found = authenticate(credentials, clientIp)
    const caller = found instanceof Promise ? await found : found
    observed.actor = caller.principal.id
    const consumed = limiter.consume(caller, 'general')
    admit(exchange, consumed instanceof Promise ? await consumed : consumed)

    const operation = await readOperation(exchange)
    using deadline = startDeadline(exchange, timeoutMs)
    const context = toContext(exchange, caller, deadline.signal)
    const { status, text } = await operations.run(operation, context, { readOnly: request.method === 'GET' })
    if (status === 405) response.setHeader('allow', 'POST')
    answerText(response, status, text)
  }
}

function admit({ response }: Exchange, verdict: RateVerdict): void {
  if (!verdict.allowed) throw new RateLimitedError(verdict)
  for (const [name, value] of Object.entries(headersOf(verdict))) response.setHeader(name, value)
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

/** Aborts when the client goes away, or has waited for as long as anybody may. */
function startDeadline({ response }: Exchange, ms: number): Disposable & { signal: AbortSignal } {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), ms)
  const leave = () => controller.abort()
  response.once('close', leave)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer)
      response.removeListener('close', leave)
    },
  }
}

function toContext(exchange: Exchange, caller: Caller, signal: AbortSignal): OperationContext {
  const { request, requestId, clientIp, observed } = exchange
  return { caller, requestId, clientIp, traceparent: traceparentOf(request), signal, event: null, observed }
}

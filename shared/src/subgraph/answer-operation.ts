import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ApolloServer, HeaderMap } from '@apollo/server'
import type { VerifyInternalToken } from '../access/internal-token.ts'
import type { ErrorCode } from '../error-codes.ts'
import { AppError, ERROR_KINDS } from '../errors.ts'
import { answerJson, headerOf, parseJson, readBody } from '../process/http.ts'
import type { Logger } from '../process/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { NO_TELEMETRY, type Telemetry } from '../telemetry/telemetry.ts'
import { toPublicError } from './public-error.ts'
import type { RequestCaller, RequestContext } from './request-context.ts'
import { countRequests, type Observed, type RequestFinished } from './subgraph-metrics.ts'

/** Many times the size of 100 issues with long notes. */
const BODY_BYTES_MAX = 1024 * 1024

export type ObservedContext<Loaders> = RequestContext<Loaders> & Readonly<{ observed: Observed }>
type Apollo<Loaders> = ApolloServer<ObservedContext<Loaders>>
type Exchange = Readonly<{ request: IncomingMessage; response: ServerResponse; observed: Observed }>

export type AnswerOptions<Loaders> = Readonly<{
  /** Name of the subgraph. */
  name: string
  createLoaders: (caller: RequestCaller) => Loaders
  verifyToken: VerifyInternalToken
  logger: Logger
  /** Counts requests, and is served on `/metrics`, if given. */
  metrics?: Metrics
  telemetry?: Telemetry
}>

/** Answers one operation of the gateway, counts it and traces it. The function it returns never rejects. */
export function createAnswerOperation<Loaders>(apollo: Apollo<Loaders>, options: AnswerOptions<Loaders>) {
  const { name, metrics, telemetry = NO_TELEMETRY } = options
  const requestFinished: RequestFinished = metrics ? countRequests(metrics.registry) : () => {}

  const answerInTrace = (exchange: Exchange) => {
    const parent = headerOf(exchange.request, 'traceparent')
    const work = { name: `graphql ${name}`, kind: 'server', attributes: {}, parent } as const
    return telemetry.withSpan(work, async ({ traceparent, note }) => {
      const context = { ...(await readRequest(exchange.request, options)), trace: traceparent }
      await answer(apollo, exchange, context)
      const { operationType, code } = exchange.observed
      note({ 'graphql.operation.type': operationType, code, requestId: context.requestId })
    })
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const beganAt = performance.now()
    const observed: Observed = { operationType: 'unknown', code: 'OK' }
    try {
      await answerInTrace({ request, response, observed })
    } catch (error) {
      observed.code = answerFailure(response, error, options)
    }
    requestFinished(observed, performance.now() - beganAt)
  }
}

async function readRequest<Loaders>(
  request: IncomingMessage,
  { verifyToken, createLoaders }: AnswerOptions<Loaders>,
): Promise<Omit<RequestContext<Loaders>, 'trace'>> {
  const caller = await readCaller(request, verifyToken)
  return { ...caller, loaders: createLoaders(caller) }
}

/** The caller of a request, by its internal token. @throws UnauthenticatedError */
export async function readCaller(request: IncomingMessage, verifyToken: VerifyInternalToken): Promise<RequestCaller> {
  const authorization = headerOf(request, 'authorization')
  const token = authorization?.startsWith('Bearer ') ? authorization.slice(7) : null
  const principal = await verifyToken(token)
  return {
    principal,
    token: token!, // A request without one was refused by the line above.
    requestId: headerOf(request, 'x-request-id') ?? randomUUID(),
    clientIp: headerOf(request, 'x-client-ip'),
  }
}

async function answer<Loaders>(
  apollo: Apollo<Loaders>,
  { request, response, observed }: Exchange,
  context: RequestContext<Loaders>,
): Promise<void> {
  const body = parseJson(await readBody(request, BODY_BYTES_MAX))
  const headers = new HeaderMap([['content-type', 'application/json']])
  const answer = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: 'POST', headers, body, search: '' },
    context: async () => ({ ...context, observed }),
  })
  // Apollo answers in one piece: incremental delivery is not offered.
  const text = answer.body.kind === 'complete' ? answer.body.string : ''
  response.writeHead(answer.status ?? 200, { ...Object.fromEntries(answer.headers), 'cache-control': 'no-store' })
  response.end(text)
}

/** Returns the code of the answer. */
export function answerFailure(
  response: ServerResponse,
  error: unknown,
  { logger }: Readonly<{ logger: Logger }>,
): ErrorCode {
  const formatted = toPublicError({ message: String(error) }, error, logger)
  const status = error instanceof AppError ? ERROR_KINDS[error.kind].http : 500
  answerJson(response, status, { errors: [formatted] })
  return formatted.extensions.code
}

import type { Server } from 'node:http'
import { DOWNLOADS_PATH } from '@redress/shared/contracts.ts'
import { createHealth, type HealthCheck } from '@redress/shared/process/health.ts'
import { type HttpServer, headerOf, startHttpServer } from '@redress/shared/process/http.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Metrics } from '@redress/shared/telemetry/metrics.ts'
import type { LimitAddress } from '../access/guards/address-limit.ts'
import type { CheckOrigin } from '../access/guards/check-origin.ts'
import type { ClientAddress } from '../access/guards/client-address.ts'
import { corsHeaders, type Origins, preflightHeaders } from '../access/guards/origins.ts'
import type { Observed } from '../execution/operation-context.ts'
import { answerFailure } from './answer-failure.ts'
import { MethodNotAllowedError, PathNotFoundError } from './errors.ts'
import { beginExchange, type Exchange, logExchange, setHeaders } from './exchange.ts'

export type Route = (exchange: Exchange) => void | Promise<void>

export type StreamingRoutes = Readonly<{
  stream: Route
  attach: (server: Server) => void
}>

export type GatewayOptions = Readonly<{
  graphql: Route
  /** Subscriptions; null without a store of events. */
  live: StreamingRoutes | null
  /** Null if it is off. */
  playground: Route | null
  /** Files by signed links; null without a service that has some. */
  downloads: Route | null
  /** Events that come from elsewhere, by path: each takes POST only. */
  intake: Readonly<Record<string, Route>>
  /** Null where they are served by a listener of their own. */
  metrics: Metrics | null
  checks: Readonly<Record<string, HealthCheck>>
  /** Facts in `/health/ready` beside the checks. */
  details: () => Readonly<Record<string, unknown>>
  onOperation: (observed: Observed, durationMs: number) => void
  origins: Origins
  /** @throws ForeignPageError */
  checkOrigin: CheckOrigin
  limitAddress: LimitAddress
  clientAddress: ClientAddress
  port: number
  host: string
  logger: Logger
}>

/** Endpoints that limit their callers after authenticating them. */
const OF_CALLERS: ReadonlySet<string> = new Set(['/graphql', '/graphql/stream', '/ingest'])

type Endpoint = Readonly<{
  methods: readonly string[]
  route: Route
  /** Set if pages of these origins may call it. */
  origins?: Origins
}>

/** Starts the HTTP server. Closing refuses new requests and waits for running ones. @throws PortInUseError */
export async function serveGateway(options: GatewayOptions): Promise<HttpServer> {
  const { checks, details, logger, clientAddress, port, host, onOperation, live, checkOrigin, limitAddress } = options
  const health = createHealth('gateway', {}, { optionalChecks: checks, details })
  const { origins } = options
  const endpoints = endpointsOf(options, (exchange) => {
    const { request, response } = exchange
    setHeaders(exchange)
    if (!health.answer(request, response)) throw new PathNotFoundError()
  })

  const answer = async (exchange: Exchange) => {
    const beganAt = performance.now()
    try {
      checkOrigin(exchange.request)
      if (!OF_CALLERS.has(exchange.path)) limitAddress(exchange.clientIp)
      await enter(exchange, endpoints)
    } catch (error) {
      answerFailure(exchange, error, logger)
    }
    if (exchange.path === '/graphql' && !exchange.form?.isStream)
      onOperation(exchange.observed, performance.now() - beganAt)
  }

  const server = await startHttpServer(
    (request, response) => {
      const exchange = beginExchange(request, response, clientAddress)
      logExchange(exchange, logger)
      if (origins.size > 0) addCorsHeaders(exchange, origins)
      void answer(exchange)
    },
    { port, host, ...(live && { attach: live.attach }) },
  )
  return {
    url: server.url,
    close() {
      health.drain()
      return server.close()
    },
  }
}

function endpointsOf(
  { graphql, live, origins, playground, downloads, intake, metrics }: GatewayOptions,
  health: Route,
): ReadonlyMap<string, Endpoint> {
  const endpoints: [string, Endpoint][] = [
    ['/graphql', { methods: ['GET', 'POST'], route: live === null ? graphql : orStream(graphql, live), origins }],
    ['/health', { methods: ['GET', 'HEAD'], route: health }],
    ['/health/ready', { methods: ['GET', 'HEAD'], route: health }],
  ]
  if (metrics !== null) {
    endpoints.push(['/metrics', { methods: ['GET', 'HEAD'], route: (exchange) => answerMetrics(exchange, metrics) }])
  }
  if (live !== null)
    endpoints.push([
      '/graphql/stream',
      { methods: ['GET', 'POST'], route: (exchange) => stream(exchange, live), origins },
    ])
  for (const [path, route] of Object.entries(intake)) endpoints.push([path, { methods: ['POST'], route }])
  if (downloads !== null) endpoints.push([DOWNLOADS_PATH, { methods: ['GET', 'HEAD'], route: downloads }])
  if (playground !== null) {
    endpoints.push(['/playground', { methods: ['GET', 'HEAD'], route: playground }])
    endpoints.push(['/', { methods: ['GET', 'HEAD'], route: redirectToPlayground }])
  }
  return new Map(endpoints)
}

function answerMetrics(exchange: Exchange, metrics: Metrics): void {
  setHeaders(exchange)
  if (!metrics.answer(exchange.request, exchange.response)) throw new PathNotFoundError()
}

function enter(exchange: Exchange, endpoints: ReadonlyMap<string, Endpoint>): void | Promise<void> {
  const endpoint = endpoints.get(exchange.path)
  if (!endpoint) throw new PathNotFoundError()
  if (exchange.request.method === 'OPTIONS' && endpoint.origins) return answerPreflight(exchange, endpoint.origins)
  if (!endpoint.methods.includes(exchange.request.method ?? '')) throw new MethodNotAllowedError(endpoint.methods)
  return endpoint.route(exchange)
}

/** Answers with server-sent events on the same address, if the client asks for them. */
function orStream(graphql: Route, live: StreamingRoutes): Route {
  return (exchange) => (exchange.form?.isStream ? stream(exchange, live) : graphql(exchange))
}

function stream(exchange: Exchange, live: StreamingRoutes): void | Promise<void> {
  setHeaders(exchange)
  return live.stream(exchange)
}

function addCorsHeaders({ request, headers }: Exchange, origins: Origins): void {
  headers.push(...Object.entries(corsHeaders(origins, headerOf(request, 'origin'))).flat())
}

function answerPreflight({ request, response, headers }: Exchange, origins: Origins): void {
  const preflight = Object.entries(preflightHeaders(origins, headerOf(request, 'origin'))).flat()
  response.writeHead(204, [...headers, ...preflight]).end()
}

function redirectToPlayground(exchange: Exchange): void {
  setHeaders(exchange)
  exchange.response.writeHead(302, { location: '/playground' }).end()
}

/** Ends the subscriptions while the server waits for its requests, since a streaming response is one of them. */
export function closingAll(
  server: HttpServer,
  live: Readonly<{ close: () => Promise<void> }> | null,
  rest: AsyncDisposableStack,
): HttpServer {
  return {
    url: server.url,
    async close() {
      const closing = server.close()
      await live?.close()
      await closing
      await rest.disposeAsync()
    },
  }
}

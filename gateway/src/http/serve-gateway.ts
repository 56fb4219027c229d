import type { Server } from 'node:http'
import { createHealth, type HealthCheck } from '@redress/shared/process/health.ts'
import { type HttpServer, headerOf, startHttpServer } from '@redress/shared/process/http.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Metrics } from '@redress/shared/telemetry/metrics.ts'
import { corsHeaders, type Origins, preflightHeaders } from '../access/origins.ts'
import type { Observed } from '../execution/operation-context.ts'
import { answerFailure } from './answer-failure.ts'
import { MethodNotAllowedError, PathNotFoundError } from './errors.ts'
import { beginExchange, type Exchange, logExchange, setHeaders } from './exchange.ts'

export type Route = (exchange: Exchange) => void | Promise<void>

export type LiveDoors = Readonly<{
  stream: Route
  attach: (server: Server) => void
}>

export type GatewayOptions = Readonly<{
  graphql: Route
  /** Events as they happen; null where there are none. */
  live: LiveDoors | null
  /** Null where there is none. */
  playground: Route | null
  metrics: Metrics
  checks: Readonly<Record<string, HealthCheck>>
  /** What `/health/ready` says beside the checks. */
  details: () => Readonly<Record<string, unknown>>
  onOperation: (observed: Observed, durationMs: number) => void
  origins: Origins
  trustProxy: boolean
  port: number
  host: string
  logger: Logger
}>

type Door = Readonly<{
  methods: readonly string[]
  route: Route
  /** Where pages of other origins may ask. */
  origins?: Origins
}>

/** Opens the doors of the gateway. Closing refuses new requests and waits for those that run. @throws PortInUseError */
export async function serveGateway(options: GatewayOptions): Promise<HttpServer> {
  const { checks, details, logger, trustProxy, port, host, onOperation, live } = options
  const health = createHealth('gateway', checks, details)
  const { origins } = options
  const doors = doorsOf(options, (exchange) => {
    const { request, response } = exchange
    setHeaders(exchange)
    if (!health.answer(request, response)) throw new PathNotFoundError()
  })

  const answer = async (exchange: Exchange) => {
    const beganAt = performance.now()
    try {
      await enter(exchange, doors)
    } catch (error) {
      answerFailure(exchange, error, logger)
    }
    if (exchange.path === '/graphql') onOperation(exchange.observed, performance.now() - beganAt)
  }

  const server = await startHttpServer(
    (request, response) => {
      const exchange = beginExchange(request, response, { trustProxy })
      logExchange(exchange, logger)
      if (origins.size > 0) sayWhoMayRead(exchange, origins)
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

function doorsOf(
  { graphql, live, origins, playground, metrics }: GatewayOptions,
  health: Route,
): ReadonlyMap<string, Door> {
  const doors: [string, Door][] = [
    ['/graphql', { methods: ['GET', 'POST'], route: graphql, origins }],
    ['/metrics', { methods: ['GET', 'HEAD'], route: (exchange) => answerMetrics(exchange, metrics) }],
    ['/health', { methods: ['GET', 'HEAD'], route: health }],
    ['/health/ready', { methods: ['GET', 'HEAD'], route: health }],
  ]
  if (live !== null)
    doors.push(['/graphql/stream', { methods: ['GET', 'POST'], route: (exchange) => stream(exchange, live), origins }])
  if (playground !== null) {
    doors.push(['/playground', { methods: ['GET', 'HEAD'], route: playground }])
    doors.push(['/', { methods: ['GET', 'HEAD'], route: redirectToPlayground }])
  }
  return new Map(doors)
}

function answerMetrics(exchange: Exchange, metrics: Metrics): void {
  setHeaders(exchange)
  if (!metrics.answer(exchange.request, exchange.response)) throw new PathNotFoundError()
}

function enter(exchange: Exchange, doors: ReadonlyMap<string, Door>): void | Promise<void> {
  const door = doors.get(exchange.path)
  if (!door) throw new PathNotFoundError()
  if (exchange.request.method === 'OPTIONS' && door.origins) return answerPreflight(exchange, door.origins)
  if (!door.methods.includes(exchange.request.method ?? '')) throw new MethodNotAllowedError(door.methods)
  return door.route(exchange)
}

function stream(exchange: Exchange, live: LiveDoors): void | Promise<void> {
  setHeaders(exchange)
  return live.stream(exchange)
}

function sayWhoMayRead({ request, headers }: Exchange, origins: Origins): void {
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

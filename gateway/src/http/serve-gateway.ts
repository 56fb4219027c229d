import { createHealth, type HealthCheck } from '@redress/shared/health.ts'
import { type HttpServer, startHttpServer } from '@redress/shared/http.ts'
import type { Logger } from '@redress/shared/logger.ts'
import { answerFailure } from './answer-failure.ts'
import { MethodNotAllowedError, PathNotFoundError } from './errors.ts'
import { beginExchange, type Exchange, logExchange } from './exchange.ts'

export type Route = (exchange: Exchange) => void | Promise<void>

export type GatewayOptions = Readonly<{
  graphql: Route
  /** Null where there is none. */
  playground: Route | null
  checks: Readonly<Record<string, HealthCheck>>
  trustProxy: boolean
  port: number
  host: string
  logger: Logger
}>

type Door = Readonly<{ methods: readonly string[]; route: Route }>

/** Opens the doors of the gateway. Closing refuses new requests and waits for those that run. @throws PortInUseError */
export async function serveGateway(options: GatewayOptions): Promise<HttpServer> {
  const { checks, logger, trustProxy, port, host } = options
  const health = createHealth('gateway', checks)
  const doors = doorsOf(options, ({ request, response }) => {
    if (!health.answer(request, response)) throw new PathNotFoundError()
  })

  const server = await startHttpServer(
    (request, response) => {
      const exchange = beginExchange(request, response, { trustProxy })
      logExchange(exchange, logger)
      enter(exchange, doors).catch((error) => answerFailure(exchange, error, logger))
    },
    { port, host },
  )
  return {
    url: server.url,
    close() {
      health.drain()
      return server.close()
    },
  }
}

function doorsOf({ graphql, playground }: GatewayOptions, health: Route): ReadonlyMap<string, Door> {
  const doors: [string, Door][] = [
    ['/graphql', { methods: ['GET', 'POST'], route: graphql }],
    ['/health', { methods: ['GET', 'HEAD'], route: health }],
    ['/health/ready', { methods: ['GET', 'HEAD'], route: health }],
  ]
  if (playground !== null) {
    doors.push(['/playground', { methods: ['GET', 'HEAD'], route: playground }])
    doors.push(['/', { methods: ['GET', 'HEAD'], route: redirectToPlayground }])
  }
  return new Map(doors)
}

async function enter(exchange: Exchange, doors: ReadonlyMap<string, Door>): Promise<void> {
  const door = doors.get(exchange.path)
  if (!door) throw new PathNotFoundError()
  if (!door.methods.includes(exchange.request.method ?? '')) throw new MethodNotAllowedError(door.methods)
  await door.route(exchange)
}

function redirectToPlayground({ response }: Exchange): void {
  response.writeHead(302, { location: '/playground' }).end()
}

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Authenticate } from '../access/authenticate.ts'
import type { RateLimiter } from '../access/rate-limit.ts'
import type { GatewayMetrics } from '../observability/gateway-metrics.ts'
import type { Operations } from '../operations/run-operation.ts'
import type { Limits } from './limits.ts'
import { createLiveOperations } from './streamed-operations.ts'
import { createSubscriptions } from './subscriptions.ts'
import { createOperationKind } from './transports/operation-kind.ts'
import { createSseDoor } from './transports/sse.ts'
import { createWebsocketDoor } from './transports/websocket.ts'

export type LiveDoorsOptions = Readonly<{
  redis: Redis
  operations: Operations
  authenticate: Authenticate
  limiter: RateLimiter
  limits: Partial<Limits>
  timeoutMs: number
  isAllowedOrigin: (origin: string, host: string | null) => boolean
  clientIpOf: (request: IncomingMessage) => string
  metrics: Pick<GatewayMetrics, 'subscriptionOpened' | 'subscriptionClosed' | 'eventDelivered' | 'slowReader'>
  logger: Logger
}>

export type LiveDoors = Readonly<{
  /** Answers one request with a stream of events. */
  stream: (exchange: Readonly<{ request: IncomingMessage; response: ServerResponse }>) => Promise<void>
  /** Takes the WebSockets of a server. */
  attach: (server: Server) => void
  /** Prepares all subscriptions anew, as after a change of the schema. */
  refresh: () => Promise<void>
  close: () => Promise<void>
}>

/** The doors through which events leave: WebSocket and server-sent events. */
export function openLiveDoors(options: LiveDoorsOptions): LiveDoors {
  const { redis, operations, authenticate, limiter, limits, timeoutMs, isAllowedOrigin, clientIpOf, metrics, logger } =
    options
  const subscriptions = createSubscriptions({
    redis,
    operations: createLiveOperations({ operations, limiter, timeoutMs }),
    limits,
    observe: {
      opened: metrics.subscriptionOpened,
      closed: metrics.subscriptionClosed,
      delivered: ({ field, subscribers }) => metrics.eventDelivered(field, subscribers),
      slowReader: metrics.slowReader,
    },
    logger,
  })
  const doors = {
    subscriptions,
    authenticate: async (...who: Parameters<Authenticate>) => authenticate(...who),
    operationKind: createOperationKind(),
    clientIpOf,
    logger,
  }
  const websockets = createWebsocketDoor({ ...doors, isAllowedOrigin })
  const sse = createSseDoor(doors)

  return {
    stream: sse.handle,
    attach: websockets.attachTo,
    refresh: subscriptions.refresh,
    async close() {
      await subscriptions.close()
      await Promise.all([websockets.close(), sse.close()])
    },
  }
}

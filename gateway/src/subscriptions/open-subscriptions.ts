import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Authenticate } from '../access/authenticate.ts'
import type { CheckOrigin } from '../access/guards/check-origin.ts'
import type { ClientAddress } from '../access/guards/client-address.ts'
import type { RateLimiter } from '../access/rate-limit.ts'
import type { GatewayMetrics } from '../observability/gateway-metrics.ts'
import type { Operations } from '../operations/run-operation.ts'
import type { Limits } from './limits.ts'
import { createStreamedOperations } from './streamed-operations.ts'
import { createSubscriptions, type Subscriptions } from './subscriptions.ts'
import { createOperationKind } from './transports/operation-kind.ts'
import { createSseTransport } from './transports/sse.ts'
import { createWebsocketTransport } from './transports/websocket.ts'

export type OpenSubscriptionsOptions = Readonly<{
  redis: Redis
  operations: Operations
  authenticate: Authenticate
  limiter: RateLimiter
  limits: Partial<Limits>
  timeoutMs: number
  /** @throws AppError for a page of another site. */
  checkOrigin: CheckOrigin
  isAllowedOrigin: (origin: string, host: string | null) => boolean
  clientAddress: ClientAddress
  metrics: Pick<GatewayMetrics, 'subscriptionOpened' | 'subscriptionClosed' | 'eventDelivered' | 'slowReader'>
  logger: Logger
}>

export type StreamingTransports = Readonly<{
  /** Answers one request with a stream of events. */
  stream: (exchange: Readonly<{ request: IncomingMessage; response: ServerResponse }>) => Promise<void>
  /** Handles the WebSocket upgrades of a server. */
  attach: (server: Server) => void
  /** Prepares all subscriptions again after a change of the schema. */
  refresh: () => Promise<void>
  close: () => Promise<void>
}>

/** Subscriptions over WebSocket and server-sent events. */
export function openSubscriptions(options: OpenSubscriptionsOptions): StreamingTransports {
  const { authenticate, checkOrigin, isAllowedOrigin, clientAddress, logger } = options
  const subscriptions = createMeasuredSubscriptions(options)
  const common = { subscriptions, authenticate, operationKind: createOperationKind(), clientAddress, logger }
  const websockets = createWebsocketTransport({ ...common, checkOrigin, isAllowedOrigin })
  const sse = createSseTransport(common)

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

function createMeasuredSubscriptions(options: OpenSubscriptionsOptions): Subscriptions {
  const { redis, operations, limiter, limits, timeoutMs, metrics, logger } = options
  return createSubscriptions({
    redis,
    operations: createStreamedOperations({ operations, limiter, timeoutMs }),
    limits,
    observe: {
      opened: metrics.subscriptionOpened,
      closed: metrics.subscriptionClosed,
      delivered: ({ field, subscribers }) => metrics.eventDelivered(field, subscribers),
      slowReader: metrics.slowReader,
    },
    logger,
  })
}

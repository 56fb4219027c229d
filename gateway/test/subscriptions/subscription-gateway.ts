import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Principal } from '@redress/shared/access/permissions.ts'
import { AppError, ERROR_KINDS, UnauthenticatedError } from '@redress/shared/errors.ts'
import { answerJson } from '@redress/shared/process/http.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import type { Caller } from '../../src/access/caller.ts'
import type { Credentials } from '../../src/access/credentials.ts'
import { createSubscriptions, type SubscriptionsOptions } from '../../src/subscriptions/subscriptions.ts'
import { createOperationKind } from '../../src/subscriptions/transports/operation-kind.ts'
import { createSseTransport } from '../../src/subscriptions/transports/sse.ts'
import { createWebsocketTransport } from '../../src/subscriptions/transports/websocket.ts'
import { createPlannedOperations } from './planned-operations.ts'

type Options = Readonly<{
  redis: Redis
  sources: Parameters<typeof createPlannedOperations>[0]
  logger: Logger
  port?: number
  initTimeoutMs?: number
  pingEveryMs?: number
}> &
  Partial<Pick<SubscriptionsOptions, 'limits' | 'observe' | 'now'>>

const ROLES = ['admin', 'operator', 'reviewer', 'read_only', 'service', 'customer'] as const

/** The subscriptions with both their doors on a server of their own; `Bearer <role>[ <customer>]` is who it says. */
export async function startSubscriptionGateway(options: Options) {
  const { redis, sources, logger, limits, observe, now, port = 0, initTimeoutMs, pingEveryMs } = options
  const { operations, done } = createPlannedOperations(sources)
  const revoked = new Set<string>()
  const expiries = new Map<string, number>()

  const authenticate = async ({ authorization, apiKey }: Credentials): Promise<Caller> => {
    const shown = apiKey ?? authorization?.replace(/^Bearer +/i, '') ?? ''
    const [role = '', customerId = null] = shown.split('/')
    const found = ROLES.find((one) => one === role)
    if (found === undefined || revoked.has(shown)) throw new UnauthenticatedError('Who are you?')
    const principal: Principal = { id: shown, roles: [found], customerId, tenant: 'default' }
    return {
      principal,
      scope: shown,
      expiresAt: expiries.get(shown) ?? null,
      requestsPerMinute: null,
      isStillValid: async () => !revoked.has(shown),
    }
  }

  const subscriptions = createSubscriptions({
    redis,
    operations,
    logger,
    ...(limits && { limits }),
    ...(observe && { observe }),
    ...(now && { now }),
  })
  const doors = {
    subscriptions,
    authenticate,
    operationKind: createOperationKind(),
    clientAddress: () => '127.0.0.1',
    logger,
  }
  const timing = { ...(initTimeoutMs && { initTimeoutMs }), ...(pingEveryMs && { pingEveryMs }) }
  const isAllowedOrigin = (origin: string) => origin === 'https://console.redress.dev'
  const websockets = createWebsocketTransport({ ...doors, ...timing, isAllowedOrigin })
  const sse = createSseTransport({ ...doors, ...timing })

  const server = createServer((request, response) => {
    sse.handle({ request, response }).catch((error) => {
      const status = error instanceof AppError ? ERROR_KINDS[error.kind].http : 500
      answerJson(response, status, { errors: [{ message: String(error), extensions: { code: error.code } }] })
    })
  })
  websockets.attachTo(server)
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening))
  const { port: found } = server.address() as AddressInfo

  return {
    subscriptions,
    done,
    revoke: (shown: string) => revoked.add(shown),
    expireAt: (shown: string, atMs: number) => expiries.set(shown, atMs),
    port: found,
    websocketUrl: `ws://127.0.0.1:${found}/graphql`,
    sseUrl: `http://127.0.0.1:${found}/graphql/stream`,
    async stop() {
      await subscriptions.close()
      await Promise.all([websockets.close(), sse.close()])
      await new Promise<void>((closed) => {
        server.close(() => closed())
        server.closeIdleConnections()
      })
    },
  }
}

export type SubscriptionGateway = Awaited<ReturnType<typeof startSubscriptionGateway>>

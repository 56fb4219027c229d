import {
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  createClient,
  DisconnectsClientError,
  ErrorReply,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
  TimeoutError,
} from 'redis'
import { StoreUnavailableError } from '../errors.ts'
import type { Logger } from '../process/logger.ts'
import { backoffMs } from '../resilience/backoff.ts'
import { succeedsWithin } from '../resilience/deadline.ts'

const CONNECT_TIMEOUT_MS = 5_000
const COMMANDS_WAITING_MAX = 10_000
const RECONNECT_MIN_MS = 50
const RECONNECT_MAX_MS = 1_000

type RedisOptions = Readonly<{ name: string; logger: Logger }>

/** A connected client that reconnects, with jitter, for as long as Redis is away. */
export async function connectRedis(url: string, options: RedisOptions) {
  const client = createRedis(url, options)
  await client.connect()
  return client
}

/** The same, but connects in the background: a process starts, and does what it can, while Redis is unavailable. */
export function openRedis(url: string, options: RedisOptions) {
  const client = createRedis(url, options)
  client.connect().catch((err: unknown) => options.logger.warn({ err }, 'redis connection lost'))
  return client
}

function createRedis(url: string, { name, logger }: RedisOptions) {
  const client = createClient({
    url,
    name,
    // Commands that wait for a Redis that is away; more are refused at once.
    commandsQueueMaxLength: COMMANDS_WAITING_MAX,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (attempt: number) =>
        backoffMs(attempt, { firstMs: RECONNECT_MIN_MS, maxMs: RECONNECT_MAX_MS }),
    },
  })
  client.on('error', (err: unknown) => logger.warn({ err }, 'redis connection lost'))
  return client
}

export type Redis = Awaited<ReturnType<typeof connectRedis>>

/** Whether Redis answers within `timeoutMs`. */
export function pingRedis(redis: Redis, timeoutMs: number): Promise<boolean> {
  return succeedsWithin(timeoutMs, redis.ping())
}

/** Whether an error is what Redis replied, and not a fault of the connection or of the client. */
export function isReply(error: unknown): boolean {
  return error instanceof ErrorReply
}

/** Replies of a Redis that is starting, not the primary, stuck in a script, or out of memory or disk. */
const AWAY_REPLY = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|BUSY|OOM|MISCONF)\b/
/** Errors of the client whose connection is missing or lost. */
const AWAY_IN_CLIENT = [
  ClientClosedError,
  ClientOfflineError,
  ConnectionTimeoutError,
  DisconnectsClientError,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
  TimeoutError,
]
const AWAY_IN_NETWORK = /^(ECONN|EPIPE|EHOST|ENETUNREACH|ETIMEDOUT|EAI_AGAIN|ENOTFOUND)/

/** Whether an error means that Redis is unavailable, so that the same call may succeed later. */
export function isRedisAway(error: unknown): boolean {
  if (error instanceof StoreUnavailableError) return true
  if (error instanceof ErrorReply) return AWAY_REPLY.test(error.message)
  if (AWAY_IN_CLIENT.some((away) => error instanceof away)) return true
  return error instanceof Error && 'syscall' in error && 'code' in error && AWAY_IN_NETWORK.test(String(error.code))
}

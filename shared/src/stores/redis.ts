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

/** A connection is lost if a ping, sent this often, is not answered within the same time. */
const SILENT_MS = 5_000

type RedisOptions = Readonly<{ name: string; logger: Logger; silentMs?: number }>

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

/** Never connected. A client that is created makes classes of all commands first, in tens of ms; a duplicate shares them. */
let template: ReturnType<typeof createClient> | null = null

function createRedis(url: string, { name, logger, silentMs = SILENT_MS }: RedisOptions) {
  template ??= createClient()
  const client = template.duplicate({
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
  const onError = (err: unknown) => logger.warn({ err }, 'redis connection lost')
  client.on('error', onError)
  endSilence(client, { silentMs, onError })
  return client
}

type Pingable = Readonly<{
  isReady: boolean
  ping: () => Promise<unknown>
  destroy: () => void
  connect: () => Promise<unknown>
  on: (event: 'ready' | 'end', listener: () => void) => unknown
}>
type Silence = Readonly<{ silentMs: number; onError: (error: unknown) => void }>

/**
 * Connects anew where pings are not answered: commands on a half-open connection would wait until the kernel gives it up.
 * The socket's own timeout does not notice, because each further command counts as activity.
 */
function endSilence(client: Pingable, { silentMs, onError }: Silence): void {
  let timer: NodeJS.Timeout | undefined
  const check = async () => {
    if (!client.isReady || (await succeedsWithin(silentMs, client.ping())) || !client.isReady) return
    onError(new ConnectionTimeoutError())
    client.destroy()
    client.connect().catch(onError)
  }
  client.on('ready', () => {
    clearInterval(timer)
    timer = setInterval(() => void check(), silentMs).unref()
  })
  client.on('end', () => clearInterval(timer))
}

/** Another client of the same Redis, not connected yet, for commands that block a connection or subscribe. */
export function duplicateRedis(redis: Redis, logger: Logger): Redis {
  const duplicate = redis.duplicate()
  duplicate.on('error', (err: unknown) => logger.warn({ err }, 'redis connection lost'))
  return duplicate
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

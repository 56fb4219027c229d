import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '@redress/shared/process/logger.ts'
import { backoffMs } from '@redress/shared/resilience/backoff.ts'
import { isReply, type Redis } from '@redress/shared/stores/redis.ts'
import { createNodeRedisClient, type Queue, type Worker } from 'bullmq'

const FAILED_AFTER_MS = 100
const REOPEN_WAIT = { firstMs: 500, maxMs: 500 }
/**
 * Until a command is sent, the client keeps a timer and a signal for it: as much work as sending it. A client that is
 * ready sends at once, so that scripts, two for each job, go without where it is.
 */
const SENT_AT_ONCE = { timeout: undefined }
/** The commands that BullMQ sends a script with. */
const SCRIPT_COMMANDS: ReadonlySet<unknown> = new Set(['evalSha', 'eval'])

/**
 * The connection to give to BullMQ over a client of ours. A script that gets no reply fails FAILED_AFTER_MS later: a
 * worker of BullMQ repeats a failed fetch at once, and where the client refuses without sending (its queue of commands is
 * full) the two would keep the process from ever reading a socket again.
 */
export function connectionOf(redis: Redis) {
  const ready = redis.withCommandOptions(SENT_AT_ONCE as never)
  const client = new Proxy(redis, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      if (!SCRIPT_COMMANDS.has(key)) return value.bind(target)
      return async (...args: unknown[]) => {
        try {
          return await value.apply(redis.isReady ? ready : redis, args)
        } catch (error) {
          if (!isReply(error)) await pause(FAILED_AFTER_MS)
          throw error
        }
      }
    },
  })
  const connection = createNodeRedisClient(client as never)
  // An EventEmitter throws an error that nothing listens to; the client of ours logs this one.
  connection.on('error', () => undefined)
  return connection
}

type Opening = Readonly<{ signal: AbortSignal; logger: Logger }>

/**
 * Opens a queue or a worker of BullMQ, again and again until it is ready. BullMQ keeps the outcome of the first command of
 * a connection: where that failed (Redis went away, or the process was too busy to send it within the client's timeout)
 * the queue fails for ever, and a running worker spins without end. A worker must therefore not run by itself.
 * Rejects only once `signal` is aborted; then nothing is left open.
 */
export async function openWhenReady<T extends Queue | Worker>(open: () => T, { signal, logger }: Opening): Promise<T> {
  for (;;) {
    signal.throwIfAborted()
    const opened = open()
    ;(opened as Queue).on('error', (err) => logger.warn({ queue: opened.name, err }, 'queue not reachable'))
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await Promise.race([opened.waitUntilReady(), aborted])
      return opened
    } catch (err) {
      if (!signal.aborted) logger.warn({ queue: opened.name, err }, 'queue opened again')
      await (opened as Worker).close(true).catch(() => undefined)
      await pause(backoffMs(1, REOPEN_WAIT), undefined, { signal })
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }
}

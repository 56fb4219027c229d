import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '@redress/shared/process/logger.ts'
import { backoffMs } from '@redress/shared/resilience/backoff.ts'
import { isReply, type Redis } from '@redress/shared/stores/redis.ts'
import { createNodeRedisClient, type Queue, type Worker } from 'bullmq'
import { createBatchedScript, type ScriptCall, type ScriptClient } from '../redis/batched-script.ts'
import { digestOf } from '../redis/redis-script.ts'

const FAILED_AFTER_MS = 100
const REOPEN_WAIT = { firstMs: 500, maxMs: 500 }
/**
 * Until a command is sent, the client keeps a timer and a signal for it: as much work as sending it. A client that is
 * ready sends at once, so that scripts, two for each job, go without where it is.
 */
const SENT_AT_ONCE = { timeout: undefined }

/**
 * The connection to give to BullMQ over a client of ours. The calls of a script in one turn of the event loop are one
 * command. A script that gets no reply fails FAILED_AFTER_MS later: a worker of BullMQ repeats a failed fetch at once, and
 * where the client refuses without sending (its queue of commands is full) the two would keep the process from ever
 * reading a socket again.
 */
export function connectionOf(redis: Redis) {
  const scripts = createScripts(redis)
  const client = new Proxy(redis, {
    get(target, key) {
      if (Object.hasOwn(scripts, key)) return Reflect.get(scripts, key)
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const connection = createNodeRedisClient(client as never)
  // An EventEmitter throws an error that nothing listens to; the client of ours logs this one.
  connection.on('error', () => undefined)
  return connection
}

/** The commands that BullMQ sends a script with: it loads each one first. */
function createScripts(redis: Redis) {
  const ready = redis.withCommandOptions(SENT_AT_ONCE as never)
  const clientOf = () => (redis.isReady ? ready : redis) as ScriptClient
  const scripts = new Map<string, (call: ScriptCall) => Promise<unknown>>()
  return {
    scriptLoad(source: string) {
      scripts.set(digestOf(source), createBatchedScript(withoutEvents(source), clientOf))
      return redis.scriptLoad(source)
    },
    evalSha: (digest: string, call: ScriptCall) => failLate(scripts.get(digest)!(call)),
    eval: (source: string, call: ScriptCall) => failLate(clientOf().eval(source, call)),
  }
}

/**
 * A script of BullMQ without its stream of events, of which a job makes four or five: nothing reads it here, and changes of
 * jobs have a stream of ours.
 */
const withoutEvents = (source: string) =>
  `local noEvent = function() end\n${source.replaceAll(/\brcall\("(?:XADD|XTRIM)"/g, 'noEvent("XADD"')}`

async function failLate<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply
  } catch (error) {
    if (!isReply(error)) await pause(FAILED_AFTER_MS)
    throw error
  }
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

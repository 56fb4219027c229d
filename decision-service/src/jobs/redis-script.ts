import { createHash } from 'node:crypto'
import type { Redis } from '@redress/shared/stores/redis.ts'

/** Deadline for an answer from Redis. */
const TIMEOUT_MS = 1_000

type Call = Readonly<{ keys: readonly string[]; args: readonly (string | number)[] }>

/**
 * A Lua script that is sent once and called by its digest after that, and sent again to a Redis that has lost it.
 * @returns what runs it; rejects when Redis is away (at once), or does not answer within a second.
 */
export function createRedisScript(redis: Redis, source: string) {
  const digest = createHash('sha1').update(source).digest('hex')

  return async ({ keys, args }: Call): Promise<unknown> => {
    // A command queued until the connection is back would take effect after its caller gave up.
    if (!redis.isReady) throw new Error('Redis is away.')
    const call = { keys: [...keys], arguments: args.map(String) }
    const run = redis.evalSha(digest, call).catch((error: unknown) => {
      if (!isForgotten(error)) throw error
      return redis.eval(source, call)
    })
    return within(TIMEOUT_MS, run)
  }
}

const isForgotten = (error: unknown) => error instanceof Error && error.message.startsWith('NOSCRIPT')

function within<T>(ms: number, call: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(() => reject(new Error(`Redis gave no answer within ${ms} ms.`)), ms)
  call.then(resolve, reject)
  return promise.finally(() => clearTimeout(timer))
}

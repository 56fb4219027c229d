import { createHash } from 'node:crypto'
import { StoreUnavailableError } from '@redress/shared/errors.ts'
import { TimeoutError, within } from '@redress/shared/resilience/deadline.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'

/** Deadline for an answer from Redis. */
const TIMEOUT_MS = 1_000

type Call = Readonly<{ keys: readonly string[]; args: readonly (string | number)[] }>

/**
 * A Lua script that is sent once and called by its digest after that, and sent again to a Redis that has lost it.
 * @returns what runs it; it rejects with StoreUnavailableError if Redis is away (at once) or does not answer within a second.
 */
export function createRedisScript(redis: Redis, source: string) {
  const digest = digestOf(source)

  return async ({ keys, args }: Call): Promise<unknown> => {
    // A command queued until the connection is back would take effect after its caller gave up.
    if (!redis.isReady) throw new StoreUnavailableError()
    const call = { keys: [...keys], arguments: args.map(String) }
    const givenUpAtMs = performance.now() + TIMEOUT_MS
    const run = redis.evalSha(digest, call).catch((error: unknown) => {
      // The caller may have undone meanwhile what the script does.
      if (!isForgotten(error) || performance.now() >= givenUpAtMs) throw error
      return redis.eval(source, call)
    })
    return within(TIMEOUT_MS, run, () => new StoreUnavailableError({ cause: new TimeoutError(TIMEOUT_MS) }))
  }
}

/** The name of a script in Redis. */
export const digestOf = (source: string) => createHash('sha1').update(source).digest('hex')

/** Whether Redis does not know a script, perhaps since its restart. */
export const isForgotten = (error: unknown) => error instanceof Error && error.message.startsWith('NOSCRIPT')

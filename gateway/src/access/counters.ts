import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { LRUCache } from 'lru-cache'
import { RateLimiterRedis } from 'rate-limiter-flexible'

/** How much was counted in the current window, and when that ends (ms since 1970). */
export type Count = Readonly<{ counted: number; endsAt: number; degraded: boolean }>
export type Added = Readonly<{ key: string; points: number; windowMs: number }>

/** Counts by key. A window begins with the first point of a key, and ends with all of them. */
export type Counters = Readonly<{
  /** Gives the count after adding. The window's length is that of its first point; whole seconds. */
  add(added: Added): Count | Promise<Count>
  read(key: string): Count | null | Promise<Count | null>
}>

const LOCAL_KEYS_MAX = 10_000
/** Longer than this nobody waits for Redis. */
const TIMEOUT_MS = 50
/** How often it is tried again while it is away. */
const RETRY_MS = 1_000

type Window = { counted: number; readonly endsAt: number }

/** Counts in this process, at once. */
export function createLocalCounters(now: () => number = Date.now) {
  const windows = new LRUCache<string, Window>({ max: LOCAL_KEYS_MAX })
  const find = (key: string) => {
    const window = windows.get(key)
    return window !== undefined && window.endsAt > now() ? window : null
  }

  return {
    add({ key, points, windowMs }: Added): Count {
      const window = find(key) ?? { counted: 0, endsAt: now() + windowMs }
      window.counted += points
      windows.set(key, window)
      return { counted: window.counted, endsAt: window.endsAt, degraded: true }
    },
    read(key: string): Count | null {
      const window = find(key)
      return window && { counted: window.counted, endsAt: window.endsAt, degraded: true }
    },
  } satisfies Counters
}

/** Counts in Redis, for all processes. */
export function createRedisCounters(redis: Redis, now: () => number = Date.now): Counters {
  const limiter = new RateLimiterRedis({
    storeClient: redis,
    useRedisPackage: true,
    // A command that waits for the connection would be counted when nobody wants it any more.
    rejectIfRedisNotReady: true,
    keyPrefix: 'rate',
    // What is too much, others say.
    points: Number.MAX_SAFE_INTEGER,
    duration: 60,
  })
  // The window may end a little earlier here than in Redis, never later.
  const toCount = (found: { consumedPoints: number; msBeforeNext: number }, askedAt: number): Count => ({
    counted: found.consumedPoints,
    endsAt: askedAt + found.msBeforeNext,
    degraded: false,
  })

  return {
    async add({ key, points, windowMs }) {
      const askedAt = now()
      return toCount(await limiter.penalty(key, points, { customDuration: Math.ceil(windowMs / 1000) }), askedAt)
    },
    async read(key) {
      const askedAt = now()
      const found = await limiter.get(key)
      return found && toCount(found, askedAt)
    },
  }
}

type Options = Readonly<{
  shared: Counters
  logger: Logger
  now?: () => number
  timeoutMs?: number
  local?: ReturnType<typeof createLocalCounters>
  /** Called when it begins or ends that this process counts alone. */
  onChange?: (isAlone: boolean) => void
}>

/**
 * Counts in `shared`. While that does not answer in time, this process counts for itself, at once, and tries again by
 * itself: each process then allows what all of them together should.
 */
export function createSteadyCounters(options: Options): Counters {
  const { shared, logger, now = Date.now, timeoutMs = TIMEOUT_MS, local = createLocalCounters(now) } = options
  const { onChange = () => {} } = options
  let away = false
  let tryAgainAt = 0

  const turn = (nowAway: boolean, err?: unknown) => {
    if (nowAway) tryAgainAt = now() + RETRY_MS
    if (nowAway === away) return
    away = nowAway
    onChange(away)
    if (away) logger.warn({ err }, 'rate limits are counted by this process alone')
    else logger.info('rate limits are shared again')
  }
  const ask = async <T>(call: () => T | Promise<T>, otherwise: () => T): Promise<T> => {
    try {
      const answer = await within(timeoutMs, call())
      turn(false)
      return answer
    } catch (err) {
      turn(true, err)
      return otherwise()
    }
  }
  const askOrCount = <T>(call: () => T | Promise<T>, otherwise: () => T): T | Promise<T> => {
    if (away && now() < tryAgainAt) return otherwise()
    // One of many finds out; the others do not wait for it.
    if (away) tryAgainAt = now() + RETRY_MS
    return ask(call, otherwise)
  }

  return {
    add: (added) =>
      askOrCount<Count>(
        () => shared.add(added),
        () => local.add(added),
      ),
    read: (key) =>
      askOrCount<Count | null>(
        () => shared.read(key),
        () => local.read(key),
      ),
  }
}

function within<T>(ms: number, call: T | Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const tooLate = () => reject(new Error(`No answer within ${ms} ms.`))
  // After a look at what came in: where this process was busy itself, the answer is there and only has to be read.
  const timer = setTimeout(() => setImmediate(tooLate), ms)
  Promise.resolve(call).then(resolve, reject)
  return promise.finally(() => clearTimeout(timer))
}

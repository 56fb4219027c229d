import type { Logger } from '@redress/shared/process/logger.ts'
import { within } from '@redress/shared/resilience/deadline.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { LRUCache } from 'lru-cache'
import { RateLimiterRedis } from 'rate-limiter-flexible'

/** The count in the current window, and when the window ends (ms since 1970). */
export type Count = Readonly<{ counted: number; endsAt: number; degraded: boolean }>
export type Added = Readonly<{ key: string; points: number; windowMs: number }>

/** Counts by key. A window begins with the first point of a key; when it ends, the count starts at 0 again. */
export type Counters = Readonly<{
  /** Returns the count after adding. The window has the length given with its first point, in whole seconds. */
  add(added: Added): Count | Promise<Count>
  read(key: string): Count | null | Promise<Count | null>
}>

const LOCAL_KEYS_MAX = 10_000
/** Time limit of a call to Redis. */
const TIMEOUT_MS = 50
/** Time between attempts while Redis is unavailable. */
const RETRY_MS = 1_000

type Window = { counted: number; readonly endsAt: number }

/** Counts in this process, synchronously. */
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
    // A command that is queued until Redis is connected would be counted after its request was answered.
    rejectIfRedisNotReady: true,
    keyPrefix: 'rate',
    // The limits are the callers' to enforce.
    points: Number.MAX_SAFE_INTEGER,
    duration: 60,
  })
  // By this clock the window may end a little earlier than in Redis, never later.
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
  /** Called when this process begins or ceases to count alone. */
  onChange?: (isAlone: boolean) => void
}>

/**
 * Counts in `shared`. While that does not answer in time, this process counts alone, without waiting, and retries from
 * time to time: each process then allows as much as all of them together should.
 */
export function createSteadyCounters(options: Options): Counters {
  const { shared, now = Date.now, timeoutMs = TIMEOUT_MS, local = createLocalCounters(now) } = options
  const connection = createConnectionState(options, now)

  const ask = async <T>(call: () => T | Promise<T>, otherwise: () => T): Promise<T> => {
    try {
      const answer = await within(timeoutMs, Promise.resolve(call()))
      connection.succeeded()
      return answer
    } catch (err) {
      connection.failed(err)
      return otherwise()
    }
  }
  const askOrCount = <T>(call: () => T | Promise<T>, otherwise: () => T): T | Promise<T> =>
    connection.shouldTry() ? ask(call, otherwise) : otherwise()

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

/** Whether the shared counters answer, and when to try them again if they do not. */
function createConnectionState({ logger, onChange = () => {} }: Options, now: () => number) {
  let isAway = false
  let tryAgainAt = 0

  const change = (nowAway: boolean, err?: unknown) => {
    if (nowAway === isAway) return
    isAway = nowAway
    onChange(isAway)
    if (isAway) logger.warn({ err }, 'rate limits are counted by this process alone')
    else logger.info('rate limits are shared again')
  }

  return {
    shouldTry(): boolean {
      if (!isAway) return true
      if (now() < tryAgainAt) return false
      // One call tries; the others do not wait for its outcome.
      tryAgainAt = now() + RETRY_MS
      return true
    },
    succeeded: () => change(false),
    failed(err: unknown) {
      tryAgainAt = now() + RETRY_MS
      change(true, err)
    },
  }
}

import { randomUUID } from 'node:crypto'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { createLeaseKeeper, LEASE_MS, type LeaseKeeper } from '../../jobs/redis/leases.ts'
import { createRedisScript } from '../../jobs/redis/redis-script.ts'
import { TAKE_TOKEN } from '../../jobs/redis/token-bucket.ts'
import type { Lease, ModelLimits } from './guarded-model.ts'

/** The longest wait that is suggested: after a longer one, a job could exceed its maximum age. */
const WAIT_MAX_MS = 60_000
/** When a Redis that is away is asked again. */
const AWAY_WAIT_MS = 2_000

/**
 * Checks both limits atomically. KEYS: leases by expiry, the bucket, the line.
 * ARGV: lease id, lease ms, concurrency, tokens per second, burst, longest wait.
 * Returns 0 with a lease, otherwise the milliseconds to wait. Waiting callers get a place in a line, one token's time
 * apart, so that two thousand rejected together do not retry together. The place is advisory: retries are served in the
 * order in which they arrive.
 */
const ACQUIRE = `${TAKE_TOKEN}
local now = clock()
local rate, wait_max = tonumber(ARGV[4]), tonumber(ARGV[6])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local wait = 1000 / rate
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[3]) then wait = take_token(KEYS[2], now, rate, tonumber(ARGV[5])) end
if wait == 0 then
  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', KEYS[1], 60000)
  return 0
end
local last = tonumber(redis.call('GET', KEYS[3]) or 0)
local place = math.min(math.max(now + wait, last + 1000 / rate), now + wait_max)
redis.call('SET', KEYS[3], string.format('%.0f', place), 'PX', wait_max)
return math.ceil(place - now)
`

type Options = Readonly<{
  redis: Redis
  /** The prefix of the keys. Workers with the same prefix share their limits. */
  prefix?: string
  /** Calls at once, of all workers together. */
  concurrency: number
  /** Calls in a minute, of all workers together, once `concurrency` were made at once: the bucket holds that many. */
  perMinute: number
  /** The leases of a worker that was killed come back after this. */
  leaseMs?: number
  logger: Logger
}>

/**
 * Limits concurrency and rate of model calls, over all workers together. A lease is renewed while its call runs. Fails
 * closed: while Redis is away no call is allowed and decisions wait, because the limit also caps the cost.
 */
export function createRedisModelLimits(options: Options): ModelLimits {
  const { redis, prefix = 'ai', concurrency, perMinute, leaseMs = LEASE_MS, logger } = options
  const keeper = createLeaseKeeper(redis, leaseMs)
  const run = createRedisScript(redis, ACQUIRE)
  const keys = ['leases', 'tokens', 'line'].map((name) => `${prefix}:${name}`)
  const limits = [concurrency, perMinute / 60, concurrency, WAIT_MAX_MS]

  return {
    async acquire() {
      const id = randomUUID()
      try {
        const waitMs = Number(await run({ keys, args: [id, leaseMs, ...limits] }))
        return waitMs === 0
          ? toLease(keeper, keys[0]!, id)
          : { retryAfterMs: waitMs < WAIT_MAX_MS ? waitMs : spread(waitMs) }
      } catch (err) {
        logger.warn({ err }, 'limits of the model not reachable')
        return { retryAfterMs: AWAY_WAIT_MS }
      }
    },
  }
}

/** The line is full: those behind it come back at some time within the second half of it. */
const spread = (ms: number) => Math.ceil(ms * (0.5 + Math.random() / 2))

function toLease(keeper: LeaseKeeper, leases: string, id: string): Lease {
  keeper.keep(leases, id)
  return { release: () => keeper.release(leases, id) }
}

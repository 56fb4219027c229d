import type { Redis } from '@redress/shared/stores/redis.ts'
import { createRedisScript } from './redis-script.ts'

/** The clock of Redis in ms, for scripts: those of the processes differ. */
export const CLOCK = `
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`

/**
 * Takes `n` tokens (default: one) from the bucket at `key`, for scripts that have a bucket in them. Gives 0 when they were
 * taken, else the ms until there are so many.
 */
export const TAKE_TOKEN = `${CLOCK}
local function take_token(key, now, rate_per_second, burst, n)
  n = n or 1
  local kept = redis.call('HMGET', key, 'tokens', 'at')
  local passed = math.max(0, now - (tonumber(kept[2]) or now))
  local tokens = math.min(burst, (tonumber(kept[1]) or burst) + passed / 1000 * rate_per_second)
  local wait = 0
  if tokens >= n then tokens = tokens - n else wait = math.ceil((n - tokens) / rate_per_second * 1000) end
  redis.call('HSET', key, 'tokens', tokens, 'at', now)
  -- A bucket that is full again need not be kept.
  redis.call('PEXPIRE', key, math.ceil(burst / rate_per_second * 1000) + 1000)
  return wait
end
`

const SCRIPT = `${TAKE_TOKEN}
return take_token(KEYS[1], clock(), tonumber(ARGV[1]), tonumber(ARGV[2]))
`

type Taken = Readonly<{
  allowed: boolean
  /** Milliseconds until a token is available, unless another caller takes it first; 0 if allowed. */
  retryAfterMs: number
}>

type Options = Readonly<{
  redis: Redis
  /** The prefix of the keys, such as `payments`; buckets of one prefix share their rate and burst. */
  prefix: string
  /** Tokens that come back each second; above 0, may be a fraction. */
  ratePerSecond: number
  /** Tokens of a full bucket, at least 1: so many may be taken at once. */
  burst: number
}>

/**
 * A token bucket for each key, shared by all processes. In any `t` seconds at most `burst + t * ratePerSecond` are
 * allowed.
 * @returns what takes one token; it rejects when Redis is away or does not answer within a second, and the caller says
 * what holds then.
 */
export function createTokenBucket({ redis, prefix, ratePerSecond, burst }: Options) {
  const run = createRedisScript(redis, SCRIPT)

  return async (key: string): Promise<Taken> => {
    const retryAfterMs = Number(await run({ keys: [`${prefix}:${key}`], args: [ratePerSecond, burst] }))
    return { allowed: retryAfterMs === 0, retryAfterMs }
  }
}

import { TAKE_TOKEN } from '../redis/token-bucket.ts'

/*
 * The scripts that decide about calls to a provider. All run by the clock of Redis. The state of a provider is a hash:
 * `tokens` and `at` of its bucket, `line` and `stop_line` (the latest place in each), `last` (the last call), `cool_until`,
 * `failures`, `failures_until`, `open_until` and `probe` (the lease of the one call that an open breaker lets through).
 */

/** Scripts that change a state keep it for a day. */
const STATE_MS = 86_400_000
/** The shortest wait while calls are stopped: a few that wait are not to ask all the time. */
const STOPPED_WAIT_MS = 5_000
/** The same while another call finds out whether the provider is back. */
const PROBING_WAIT_MS = 1_000

const RUN = `
local function run_id() return redis.call('INFO', 'server'):match('run_id:(%w+)') end
`

/** Marks a Redis that has nothing to count yet, so that its buckets are full. KEYS: the mark. */
export const BEGIN = `${RUN}
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('HSET', KEYS[1], 'run', run_id()) end
`

/**
 * A Redis that lost what it had, or restarted with an older copy, does not know the last calls: a restart changes the id
 * of its run, a flush removes the mark. `lost_at` returns the moment of its last loss, or nil. From that moment on buckets
 * begin empty.
 */
const LOST_AT = `${TAKE_TOKEN}${RUN}
local function lost_at(mark, state, now)
  local run = run_id()
  local kept = redis.call('HMGET', mark, 'run', 'lost_at')
  local lost = tonumber(kept[2])
  if kept[1] ~= run then
    lost = now
    redis.call('HSET', mark, 'run', run, 'lost_at', now)
  end
  if lost and (tonumber(redis.call('HGET', state, 'at')) or 0) < lost then
    redis.call('HSET', state, 'tokens', 0, 'at', lost)
    redis.call('PEXPIRE', state, ${STATE_MS})
  end
  return lost
end
`

/**
 * Grants a call, or says when to ask again. KEYS: leases by expiry, the state, the mark, and the keys that stop it.
 * ARGV: lease id, lease ms, concurrency, tokens per second, burst, tokens to take, longest wait, 1 to get a place in the
 * line, 1 where the caller knows of a stop.
 * Returns {0, '' or 'PROBE'} with a lease, otherwise the milliseconds to wait and the reason. Waiting callers get places
 * in a line, one token's time apart, so that two thousand rejected together do not retry together. The place is advisory:
 * retries are served in the order in which they arrive. Those that wait for the end of a stop, or for the provider, have a
 * line of their own: it may reach a minute ahead, and is of no meaning once that has ended.
 */
export const ACQUIRE = `${LOST_AT}
local now = clock()
local id, lease_ms, rate, n = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4]), tonumber(ARGV[6])
local lost = lost_at(KEYS[3], KEYS[2], now)
local kept = redis.call('HMGET', KEYS[2], 'open_until', 'probe', 'cool_until')
local open_until, cool_until = tonumber(kept[1]), tonumber(kept[3]) or 0
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)

local step = 1000 / rate * n
local wait, reason = 0, ''
local function hold(why, ms) wait, reason = math.max(ms, step), why end
if ARGV[9] == '1' or redis.call('EXISTS', unpack(KEYS, 4)) > 0 then hold('PROVIDER_STOPPED', ${STOPPED_WAIT_MS})
elseif open_until and open_until > now then hold('PROVIDER_UNAVAILABLE', open_until - now)
elseif open_until and kept[2] and redis.call('ZSCORE', KEYS[1], kept[2]) then hold('PROVIDER_UNAVAILABLE', ${PROBING_WAIT_MS})
elseif cool_until > now then hold('PROVIDER_RATE_LIMITED', cool_until - now)
elseif lost and now < lost + lease_ms then hold('PROVIDER_RATE_LIMITED', lost + lease_ms - now)
elseif redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then hold('PROVIDER_RATE_LIMITED', 0)
else
  wait = take_token(KEYS[2], now, rate, tonumber(ARGV[5]), n)
  if wait > 0 then reason = 'PROVIDER_RATE_LIMITED' end
end
if wait == 0 then
  redis.call('ZADD', KEYS[1], now + lease_ms, id)
  redis.call('PEXPIRE', KEYS[1], 60000)
  redis.call('HSET', KEYS[2], 'last', now)
  if open_until then
    redis.call('HSET', KEYS[2], 'probe', id)
    reason = 'PROBE'
  end
elseif ARGV[8] == '1' then
  local line = reason == 'PROVIDER_RATE_LIMITED' and 'line' or 'stop_line'
  local last = tonumber(redis.call('HGET', KEYS[2], line)) or 0
  local place = math.min(math.max(now + wait, last + step), now + ARGV[7])
  redis.call('HSET', KEYS[2], line, string.format('%.0f', place))
  wait = place - now
end
redis.call('PEXPIRE', KEYS[2], ${STATE_MS})
return { math.ceil(wait), reason }
`

/**
 * Counts the outcome of a call. KEYS: the state. ARGV: lease id, 'ok', 'failed' or 'rate_limited', ms of the cooldown,
 * failures that open the breaker, ms in which they are counted, ms for which it stays open.
 * Returns 'OPENED' or 'CLOSED' where this changed the breaker. Successes count only as probes: what opens the breaker is
 * a number of failures, however many calls succeed.
 */
export const SETTLE = `${TAKE_TOKEN}
local now, outcome = clock(), ARGV[2]
local kept = redis.call('HMGET', KEYS[1], 'failures', 'failures_until', 'open_until', 'probe')
local is_probe = kept[4] == ARGV[1]
local changed = ''
local function open()
  redis.call('HSET', KEYS[1], 'open_until', now + ARGV[6])
  redis.call('HDEL', KEYS[1], 'failures', 'failures_until', 'probe')
  changed = 'OPENED'
end
if outcome == 'failed' then
  if is_probe then open()
  elseif not kept[3] then
    local counts = now < (tonumber(kept[2]) or 0)
    local failures = (counts and tonumber(kept[1]) or 0) + 1
    if failures >= tonumber(ARGV[4]) then open()
    else redis.call('HSET', KEYS[1], 'failures', failures, 'failures_until', counts and kept[2] or now + ARGV[5]) end
  end
else
  if outcome == 'rate_limited' then redis.call('HSET', KEYS[1], 'cool_until', now + ARGV[3]) end
  if is_probe then
    redis.call('HDEL', KEYS[1], 'open_until', 'probe')
    changed = 'CLOSED'
  end
end
redis.call('PEXPIRE', KEYS[1], ${STATE_MS})
return changed
`

/**
 * The state of a provider, as a caller would find it now. KEYS: leases, state, mark. ARGV: tokens per second, burst, ms of
 * a lease, concurrency. Returns calls at once, tokens, the last call, ms until there is a token and room for a call, and
 * whether the breaker is open.
 */
export const STATUS = `${LOST_AT}
local now = clock()
local lost = lost_at(KEYS[3], KEYS[2], now)
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[2], 'tokens', 'at', 'last', 'cool_until', 'open_until')
local passed = math.max(0, now - (tonumber(kept[2]) or now))
local tokens = math.min(burst, (tonumber(kept[1]) or burst) + passed / 1000 * rate)
local calls = redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf')
local open_until = tonumber(kept[5])
local wait = tokens >= 1 and 0 or (1 - tokens) / rate * 1000
if calls >= tonumber(ARGV[4]) then wait = math.max(wait, 1000 / rate) end
wait = math.max(wait, (tonumber(kept[4]) or 0) - now, (open_until or 0) - now, lost and lost + ARGV[3] - now or 0)
return { calls, tostring(tokens), kept[3] or '', math.ceil(wait), open_until and 1 or 0 }
`

/** Fills the bucket, and forgets leases, line, cooldown and breaker. KEYS: leases, state. ARGV: burst. */
export const RESET = `${TAKE_TOKEN}
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[2], 'tokens', ARGV[1], 'at', clock())
redis.call('PEXPIRE', KEYS[2], ${STATE_MS})
`

/** Stops calls, by the keys given, for ARGV[1] ms; resumes them with 0. */
export const ANNOUNCE = `
for _, key in ipairs(KEYS) do
  if ARGV[1] == '0' then redis.call('DEL', key) else redis.call('SET', key, '1', 'PX', ARGV[1]) end
end
`

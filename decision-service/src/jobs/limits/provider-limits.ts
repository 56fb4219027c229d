import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { createLeaseKeeper, LEASE_MS } from '../redis/leases.ts'
import { createRedisScript } from '../redis/redis-script.ts'
import { RateLimitTimeoutError } from './errors.ts'
import { keysOf, stopKeyOf } from './limit-keys.ts'
import { ACQUIRE, BEGIN, SETTLE } from './limit-scripts.ts'
import type { CallOutcome, Held, HeldReason, Lease, ProviderLimits } from './ports.ts'
import { type Provider, type ProviderFigures, type ProviderTarget, providerOf, stoppersOf } from './providers.ts'
import type { StopWatch } from './stop-watch.ts'

/** The longest wait that is suggested: after a longer one, a job could exceed its maximum age. */
const WAIT_MAX_MS = 60_000
/** A store that is away is asked again after a while. */
const AWAY: Held = { reason: 'STORE_UNAVAILABLE', retryAfterMs: 2_000 }
/** How often a caller that waits asks again, at the least. */
const POLL_MS = 100

export type BreakerChange = Readonly<{ provider: Provider; state: 'open' | 'closed' }>

export type LimitsOptions = Readonly<{
  redis: Redis
  figures: Readonly<Record<Provider, ProviderFigures>>
  /** Failures within a minute that open the breaker of a provider, and how long it stays open before a probe. */
  breaker?: Readonly<{ failuresMax: number; openMs: number }>
  /** Whether calls are stopped, by what this process knows. Asked before each call. */
  stateOf?: StopWatch['stateOf']
  /** The prefix of the keys. Processes with the same prefix share their limits. */
  prefix?: string
  /** The leases of a process that was killed come back after this. */
  leaseMs?: number
  /** Called each time that room is asked for. */
  onAsked?: (provider: Provider, result: 'allowed' | HeldReason) => void
  onBreaker?: (change: BreakerChange) => void
  logger: Logger
}>

const BREAKER = { failuresMax: 5, openMs: 30_000 }

/**
 * Marks a Redis whose limits were never used: buckets are full. Without it they begin empty, because calls that were
 * counted may have been lost.
 */
export async function beginCounting(redis: Redis, prefix?: string): Promise<void> {
  await createRedisScript(redis, BEGIN)({ keys: [keysOf('internal', prefix).mark], args: [] })
}

/**
 * Limits concurrency and rate of calls to providers, over all processes together. A lease is renewed while its call runs.
 * Fails closed: while Redis is away no call is allowed and jobs wait, because the limits also cap what can go wrong.
 */
export function createProviderLimits(options: LimitsOptions): ProviderLimits {
  const { figures, onAsked } = options
  const grant = createGrant(options)

  const acquire = async (target: ProviderTarget, tokens: number, isLining: boolean): Promise<Lease | Held> => {
    const provider = providerOf(target)
    const { burst } = figures[provider]
    if (tokens > burst) throw new RangeError(`${provider} never has ${tokens} tokens: its bucket holds ${burst}.`)
    const acquired = await grant({ target, tokens, isLining })
    onAsked?.(provider, 'release' in acquired ? 'allowed' : acquired.reason)
    return acquired
  }
  return {
    acquire: (target, tokens = 1) => acquire(target, tokens, true),
    // Callers that ask all the time get no place in the line: each would be behind the one before.
    waitFor: createWaitFor((target, tokens) => acquire(target, tokens, false)),
  }
}

type Acquire = (target: ProviderTarget, tokens: number) => Promise<Lease | Held>

function createWaitFor(acquire: Acquire): ProviderLimits['waitFor'] {
  return async (target, { withinMs, tokens = 1, signal }) => {
    const endsAtMs = performance.now() + withinMs
    while (true) {
      signal?.throwIfAborted()
      const acquired = await acquire(target, tokens)
      if ('release' in acquired) return acquired
      const leftMs = endsAtMs - performance.now()
      if (leftMs <= 0) throw new RateLimitTimeoutError(target)
      await pause(Math.min(acquired.retryAfterMs, POLL_MS, leftMs), undefined, { signal })
    }
  }
}

type Question = Readonly<{ target: ProviderTarget; tokens: number; isLining: boolean }>

function createGrant(options: LimitsOptions) {
  const { redis, prefix, leaseMs = LEASE_MS, stateOf = () => 'allowed', logger } = options
  const keeper = createLeaseKeeper(redis, leaseMs)
  const ask = createAsk(options)
  const settle = createSettle(options)

  return async (question: Question): Promise<Lease | Held> => {
    const provider = providerOf(question.target)
    const { leases } = keysOf(provider, prefix)
    const id = randomUUID()
    const state = stateOf(question.target)
    if (state === 'unknown') return AWAY
    try {
      const [waitMs, reason] = await ask({ ...question, id, isStopped: state === 'stopped' })
      if (waitMs > 0) return toHeld(waitMs, reason as HeldReason)
      keeper.keep(leases, id)
      return {
        async release(outcome) {
          if (outcome !== undefined && (outcome !== 'ok' || reason === 'PROBE')) await settle(provider, id, outcome)
          await keeper.release(leases, id)
        },
      }
    } catch (err) {
      logger.warn({ err, provider }, 'limits of the provider not reachable')
      return AWAY
    }
  }
}

/** Where the line is full, those behind it come back at some time within the second half of it. */
function toHeld(waitMs: number, reason: HeldReason): Held {
  const retryAfterMs = waitMs < WAIT_MAX_MS ? waitMs : Math.ceil(waitMs * (0.5 + Math.random() / 2))
  return { reason, retryAfterMs }
}

function createAsk({ redis, figures, prefix, leaseMs = LEASE_MS }: LimitsOptions) {
  const run = createRedisScript(redis, ACQUIRE)

  return async (asked: Question & { id: string; isStopped: boolean }): Promise<readonly [number, string]> => {
    const { id, target, tokens, isLining, isStopped } = asked
    const provider = providerOf(target)
    const { perSecond, concurrent, burst } = figures[provider]
    const { leases, state, mark } = keysOf(provider, prefix)
    const answer = await run({
      keys: [leases, state, mark, ...stoppersOf(target).map((one) => stopKeyOf(one, prefix))],
      args: [...[id, leaseMs, concurrent, perSecond, burst, tokens, WAIT_MAX_MS], ...[isLining, isStopped].map(Number)],
    })
    return answer as [waitMs: number, reason: string]
  }
}

function createSettle({ redis, figures, breaker = BREAKER, prefix, onBreaker, logger }: LimitsOptions) {
  const run = createRedisScript(redis, SETTLE)

  return async (provider: Provider, id: string, outcome: CallOutcome): Promise<void> => {
    const [kind, askedMs] = typeof outcome === 'string' ? [outcome, 0] : ['rate_limited', outcome.rateLimitedMs]
    const cooldownMs = Math.max(figures[provider].cooldownMs, askedMs)
    const args = [id, kind, cooldownMs, breaker.failuresMax, MINUTE_MS, breaker.openMs]
    try {
      const change = await run({ keys: [keysOf(provider, prefix).state], args })
      if (change === 'OPENED') onBreaker?.({ provider, state: 'open' })
      if (change === 'CLOSED') onBreaker?.({ provider, state: 'closed' })
    } catch (err) {
      logger.warn({ err, provider }, 'outcome of a call not counted')
    }
  }
}

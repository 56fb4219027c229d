import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { ErrorCode } from '@redress/shared/error-codes.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Redis } from '@redress/shared/stores/redis.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { createLeaseKeeper, LEASE_MS } from '../redis/leases.ts'
import { createRedisScript } from '../redis/redis-script.ts'
import { RateLimitTimeoutError } from './errors.ts'
import { keysOf, stopKeyOf } from './limit-keys.ts'
import { ACQUIRE, SETTLE } from './limit-scripts.ts'
import { type Provider, type ProviderFigures, type ProviderTarget, providerOf, stoppersOf } from './providers.ts'

/** The longest wait that is suggested: after a longer one, a job could exceed its maximum age. */
const WAIT_MAX_MS = 60_000
/** When a Redis that is away is asked again. */
const AWAY_WAIT_MS = 2_000
/** How often a caller that waits asks again, at the least. */
const POLL_MS = 100

/** How a call went, for the breaker of its provider: `ok` is any answer, also a refusal of what was asked for. */
export type CallOutcome = 'ok' | 'failed' | Readonly<{ rateLimitedMs: number }>

/** Room for one call, for as long as it takes. */
export type Lease = Readonly<{
  /** Gives the room back. Never rejects. Without an outcome the call says nothing about the provider. */
  release: (outcome?: CallOutcome) => Promise<void>
}>
export type HeldReason = Extract<
  ErrorCode,
  'PROVIDER_STOPPED' | 'PROVIDER_UNAVAILABLE' | 'PROVIDER_RATE_LIMITED' | 'STORE_UNAVAILABLE'
>
/** No call may be made now. */
export type Held = Readonly<{ reason: HeldReason; retryAfterMs: number }>

export type BreakerChange = Readonly<{ provider: Provider; state: 'open' | 'closed' }>

export type ProviderLimits = Readonly<{
  /**
   * A lease, or how long to wait before asking again. Does not reject where Redis is away: there is no room then.
   * @param tokens taken at once, 1 if not given. @throws RangeError for more than the burst of the provider.
   */
  acquire: (target: ProviderTarget, tokens?: number) => Promise<Lease | Held>
  /**
   * The same for a caller who waits, for at most `withinMs`.
   * @throws RateLimitTimeoutError if there was no room by then; the reason of `signal` once that is aborted.
   */
  waitFor: (target: ProviderTarget, waiting: Waiting) => Promise<Lease>
}>
type Waiting = Readonly<{ withinMs: number; tokens?: number; signal?: AbortSignal }>

export type LimitsOptions = Readonly<{
  redis: Redis
  figures: Readonly<Record<Provider, ProviderFigures>>
  /** Failures within a minute that open the breaker of a provider, and how long it stays open before a probe. */
  breaker?: Readonly<{ failuresMax: number; openMs: number }>
  /** Whether calls are stopped, by what this process knows. Asked before each call. */
  isStopped?: (target: ProviderTarget) => boolean
  /** Whether no process has ever called by these limits: their buckets are full, whereas a Redis that lost them has empty ones. */
  isNew?: boolean
  /** The prefix of the keys. Processes with the same prefix share their limits. */
  prefix?: string
  /** The leases of a process that was killed come back after this. */
  leaseMs?: number
  onBreaker?: (change: BreakerChange) => void
  logger: Logger
}>

const BREAKER = { failuresMax: 5, openMs: 30_000 }

/**
 * Limits concurrency and rate of calls to providers, over all processes together. A lease is renewed while its call runs.
 * Fails closed: while Redis is away no call is allowed and jobs wait, because the limits also cap what can go wrong.
 */
export function createProviderLimits(options: LimitsOptions): ProviderLimits {
  const { redis, figures, prefix, leaseMs = LEASE_MS, logger } = options
  const keeper = createLeaseKeeper(redis, leaseMs)
  const ask = createAsk(options)
  const settle = createSettle(options)

  const acquire = async (target: ProviderTarget, tokens: number, isLining: boolean): Promise<Lease | Held> => {
    const provider = providerOf(target)
    const { burst } = figures[provider]
    if (tokens > burst) throw new RangeError(`${provider} never has ${tokens} tokens: its bucket holds ${burst}.`)
    const { leases } = keysOf(provider, prefix)
    const id = randomUUID()
    try {
      const [waitMs, reason] = await ask({ id, target, tokens, isLining })
      if (waitMs > 0)
        return { reason: reason as HeldReason, retryAfterMs: waitMs < WAIT_MAX_MS ? waitMs : spread(waitMs) }
      keeper.keep(leases, id)
      return {
        async release(outcome) {
          if (outcome !== undefined && (outcome !== 'ok' || reason === 'PROBE')) await settle(provider, id, outcome)
          await keeper.release(leases, id)
        },
      }
    } catch (err) {
      logger.warn({ err, provider }, 'limits of the provider not reachable')
      return { reason: 'STORE_UNAVAILABLE', retryAfterMs: AWAY_WAIT_MS }
    }
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

/** The line is full: those behind it come back at some time within the second half of it. */
const spread = (ms: number) => Math.ceil(ms * (0.5 + Math.random() / 2))

type Question = Readonly<{ id: string; target: ProviderTarget; tokens: number; isLining: boolean }>

function createAsk({ redis, figures, prefix, leaseMs = LEASE_MS, isStopped = () => false, ...options }: LimitsOptions) {
  const run = createRedisScript(redis, ACQUIRE)
  let { isNew = false } = options

  return async ({ id, target, tokens, isLining }: Question): Promise<readonly [waitMs: number, reason: string]> => {
    const provider = providerOf(target)
    const { perSecond, concurrent, burst } = figures[provider]
    const { leases, state, mark } = keysOf(provider, prefix)
    const answer = await run({
      keys: [leases, state, mark, ...stoppersOf(target).map((one) => stopKeyOf(one, prefix))],
      args: [
        ...[id, leaseMs, concurrent, perSecond, burst, tokens, WAIT_MAX_MS],
        ...[isLining, isStopped(target), isNew].map(Number),
      ],
    })
    isNew = false
    const [waitMs, reason] = answer as [number, string]
    return [waitMs, reason]
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

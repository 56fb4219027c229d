import { AppError } from '@redress/shared/errors.ts'
import { TimeoutError } from '@redress/shared/resilience/deadline.ts'
import { isStoreAway } from '../frame/job-failure.ts'
import { isDone, type Outcome } from '../frame/job-handler.ts'
import {
  isProviderLimit,
  type ProviderLimitError,
  ProviderRateLimitedError,
  ProviderUnavailableError,
  RateLimitTimeoutError,
} from './errors.ts'
import type { CallOutcome, ProviderLimits } from './ports.ts'
import type { ProviderTarget } from './providers.ts'

/** The wait of a job whose provider named none; the cooldown of the provider may hold it for longer. */
const RETRY_MS = 1_000

/**
 * Runs an attempt at a job within the limits of the provider that it calls. Without room it does not run, and is held for
 * a while, which is no attempt. Rejects as the attempt does.
 */
export type ProviderGate = (target: ProviderTarget, attempt: () => Promise<Outcome>) => Promise<Outcome>

export function createProviderGate({ acquire }: Pick<ProviderLimits, 'acquire'>): ProviderGate {
  return async (target, attempt) => {
    const acquired = await acquire(target)
    if (!('release' in acquired)) return { kind: 'later', afterMs: acquired.retryAfterMs, reason: acquired.reason }
    let said: CallOutcome | undefined
    try {
      const outcome = await attempt()
      if (isDone(outcome)) said = 'ok'
      return outcome
    } catch (error) {
      said = toCallOutcome(error)
      if (!isProviderLimit(error)) throw error
      return { kind: 'later', afterMs: Math.max(RETRY_MS, waitOf(error)), reason: error.code }
    } finally {
      await acquired.release(said)
    }
  }
}

const waitOf = (error: ProviderLimitError) => (error instanceof ProviderRateLimitedError ? error.retryAfterMs : 0)

/** The outcome of a failed attempt for its provider: any error with a code but these is an answer of it, such as a refusal. */
function toCallOutcome(error: unknown): CallOutcome | undefined {
  if (error instanceof ProviderRateLimitedError) return { rateLimitedMs: error.retryAfterMs }
  if (error instanceof ProviderUnavailableError || error instanceof TimeoutError) return 'failed'
  if (error instanceof RateLimitTimeoutError || isStoreAway(error)) return undefined
  return error instanceof AppError ? 'ok' : undefined
}

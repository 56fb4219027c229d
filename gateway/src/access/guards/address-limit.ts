import { MINUTE_MS } from '@redress/shared/time.ts'
import { createLocalCounters } from '../counters.ts'
import { RateLimitedError } from '../errors.ts'
import { networkOf } from '../failed-attempts.ts'

/** Counts a request without credentials. @throws RateLimitedError for an address that sends too many. */
export type LimitAddress = (ip: string) => void

/**
 * Limits the requests of an address that show no credentials: probes, pages, and operations of callers who do not say who
 * they are. Each process counts alone, so that refusing them costs no call to Redis.
 */
export function createAddressLimit(maxPerMinute: number, now: () => number = Date.now): LimitAddress {
  const counters = createLocalCounters(now)
  return (ip) => {
    const { counted, endsAt } = counters.add({ key: networkOf(ip), points: 1, windowMs: MINUTE_MS })
    if (counted <= maxPerMinute) return
    const resetMs = Math.max(0, endsAt - now())
    throw new RateLimitedError({ allowed: false, limit: maxPerMinute, remaining: 0, resetMs, degraded: false })
  }
}

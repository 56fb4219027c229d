import type { Caller } from './caller.ts'
import { RateLimitedError } from './errors.ts'
import type { RateGroup, RateLimiter, RateVerdict } from './rate-limit.ts'

/**
 * Counts one request of a caller in a group.
 * @throws RateLimitedError. Thrown or rejected with: await it within a `try`.
 */
export function admit(limiter: RateLimiter, caller: Caller, group: RateGroup): RateVerdict | Promise<RateVerdict> {
  const verdict = limiter.consume(caller, group)
  return verdict instanceof Promise ? verdict.then(requireAllowed) : requireAllowed(verdict)
}

function requireAllowed(verdict: RateVerdict): RateVerdict {
  if (!verdict.allowed) throw new RateLimitedError(verdict)
  return verdict
}

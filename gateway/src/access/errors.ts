import { AppError } from '@redress/shared/errors.ts'
import type { RateVerdict } from './rate-limit.ts'

/** The token is ours and was good. Whoever presents it learns nothing new, and knows to get another one. */
export class TokenExpiredError extends AppError {
  override readonly name = 'TokenExpiredError'
  readonly code = 'UNAUTHENTICATED'
  readonly kind = 'unauthenticated'
  override readonly facts = { reason: 'TOKEN_EXPIRED' }

  constructor() {
    super('The token has expired.')
  }
}

/** What the credentials would be checked against is away. Nobody is let in meanwhile, and nobody is refused for good. */
export class CheckUnavailableError extends AppError {
  override readonly name = 'CheckUnavailableError'
  readonly code = 'STORE_UNAVAILABLE'
  readonly kind = 'unavailable'

  constructor(options: ErrorOptions) {
    super('Who you are cannot be checked for a moment. The same request may succeed if it is sent again.', options)
  }
}

/** Asked too often. The answer carries the headers of `error.verdict`. */
export class RateLimitedError extends AppError {
  override readonly name = 'RateLimitedError'
  readonly code = 'RATE_LIMITED'
  readonly kind = 'limited'
  override readonly facts: { limit: number; retryAfterSeconds: number }
  readonly verdict: RateVerdict

  constructor(verdict: RateVerdict) {
    const retryAfterSeconds = Math.max(1, Math.ceil(verdict.resetMs / 1000))
    super(`Too many requests. Try again in ${retryAfterSeconds} s.`)
    this.facts = { limit: verdict.limit, retryAfterSeconds }
    this.verdict = verdict
  }
}

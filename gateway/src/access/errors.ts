import { AppError } from '@redress/shared/errors.ts'
import type { RateVerdict } from './rate-limit.ts'

/** The token was valid and has expired. Saying so reveals nothing, and tells the client to get another one. */
export class TokenExpiredError extends AppError {
  override readonly name = 'TokenExpiredError'
  readonly code = 'UNAUTHENTICATED'
  readonly kind = 'unauthenticated'
  override readonly facts = { reason: 'TOKEN_EXPIRED' }
  /** The claim `sub`, for the record; not shown to the caller. */
  readonly subject: string | null

  constructor(subject: string | null) {
    super('The token has expired.')
    this.subject = subject
  }
}

/** The token is valid, and for longer than this gateway accepts. */
export class TokenLifetimeError extends AppError {
  override readonly name = 'TokenLifetimeError'
  readonly code = 'UNAUTHENTICATED'
  readonly kind = 'unauthenticated'
  override readonly facts = { reason: 'TOKEN_LIFETIME' }
  /** As of an expired token. */
  readonly subject: string | null

  constructor(subject: string | null, maxMs: number) {
    super(`The token is valid for longer than ${maxMs / 60_000} minutes, the most that is accepted here.`)
    this.subject = subject
  }
}

/** The claim `tenant` is not the name of a tenant, or of one that this gateway does not serve. */
export class TenantRefusedError extends AppError {
  override readonly name = 'TenantRefusedError'
  readonly code = 'UNAUTHENTICATED'
  readonly kind = 'unauthenticated'
  override readonly facts: { reason: 'TENANT_INVALID' | 'TENANT_NOT_SERVED' }
  /** As of an expired token. */
  readonly subject: string | null

  constructor(subject: string | null, reason: 'TENANT_INVALID' | 'TENANT_NOT_SERVED') {
    super(
      reason === 'TENANT_INVALID'
        ? 'The claim tenant must have 1 to 63 lower-case letters, digits and hyphens, and begin with no hyphen.'
        : 'This gateway serves the tenant default only.',
    )
    this.facts = { reason }
    this.subject = subject
  }
}

/** The token was revoked before it expired. */
export class TokenRevokedError extends AppError {
  override readonly name = 'TokenRevokedError'
  readonly code = 'UNAUTHENTICATED'
  readonly kind = 'unauthenticated'
  override readonly facts = { reason: 'TOKEN_REVOKED' }
  /** As of an expired token. */
  readonly subject: string | null

  constructor(subject: string | null) {
    super('The token was revoked.')
    this.subject = subject
  }
}

/** The store to check credentials against is unavailable. The caller is refused for now, with an error worth a retry. */
export class CheckUnavailableError extends AppError {
  override readonly name = 'CheckUnavailableError'
  readonly code = 'STORE_UNAVAILABLE'
  readonly kind = 'unavailable'

  constructor(options: ErrorOptions) {
    super('Your credentials cannot be checked for a moment. The same request may succeed if it is sent again.', options)
  }
}

/** The request comes from a page of another site, or was sent to a name that is not ours. */
export class ForeignPageError extends AppError {
  override readonly name = 'ForeignPageError'
  readonly code = 'BAD_REQUEST'
  readonly kind = 'refused'

  constructor(what: 'name' | 'origin', given: string) {
    const variable = what === 'name' ? 'ALLOWED_HOSTS' : 'CORS_ORIGINS'
    super(`The ${what} ${given.slice(0, 100)} is not one of this gateway. ${variable} can add it.`)
  }
}

/** Too many requests. The answer carries the headers of `error.verdict`. */
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

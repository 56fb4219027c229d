import { AppError } from '@redress/shared/errors.ts'
import type { Provider, ProviderTarget } from './providers.ts'

/** No room for a call came up before the caller's deadline. Nothing was called. */
export class RateLimitTimeoutError extends AppError {
  override readonly name = 'RateLimitTimeoutError'
  readonly code = 'PROVIDER_RATE_LIMITED'
  readonly kind = 'limited'

  constructor(target: ProviderTarget) {
    super(`Rate limit timeout for ${target}`)
  }
}

/** The provider has refused a call as one too many. A handler throws it; the provider is left alone for a while. */
export class ProviderRateLimitedError extends AppError {
  override readonly name = 'ProviderRateLimitedError'
  readonly code = 'PROVIDER_RATE_LIMITED'
  readonly kind = 'limited'
  /** The wait that the provider asked for; 0 if it named none. */
  readonly retryAfterMs: number

  constructor(provider: Provider, { retryAfterMs = 0, ...options }: ErrorOptions & { retryAfterMs?: number } = {}) {
    super(`${provider} takes no more calls for now.`, options)
    this.retryAfterMs = retryAfterMs
  }
}

export type ProviderLimitError = RateLimitTimeoutError | ProviderRateLimitedError

/** Whether an attempt at a job had no room at its provider: the job is held, and that was no attempt. */
export function isProviderLimit(error: unknown): error is ProviderLimitError {
  return error instanceof ProviderRateLimitedError || error instanceof RateLimitTimeoutError
}

/** The provider gave no answer, or answered that it cannot. A handler throws it; enough of them open the breaker. */
export class ProviderUnavailableError extends AppError {
  override readonly name = 'ProviderUnavailableError'
  readonly code = 'PROVIDER_UNAVAILABLE'
  readonly kind = 'unavailable'

  constructor(provider: Provider, options?: ErrorOptions) {
    super(`${provider} is unavailable.`, options)
  }
}

/** There is no provider of this name, and no operation of one. */
export class ProviderNotFoundError extends AppError {
  override readonly name = 'ProviderNotFoundError'
  readonly code = 'PROVIDER_NOT_FOUND'
  readonly kind = 'missing'

  constructor(name: string) {
    super(`There is no provider ${name}. The field providerLimits lists all of them, with their operations.`)
  }
}

/** Calls of the operation cannot be resumed alone, because those of its whole provider are stopped. */
export class ProviderStoppedError extends AppError {
  override readonly name = 'ProviderStoppedError'
  readonly code = 'PROVIDER_STOPPED'
  readonly kind = 'refused'

  constructor(target: ProviderTarget, provider: Provider) {
    super(`All calls to ${provider} are stopped, so those of ${target} cannot be resumed alone.`)
  }
}

/** The confirmation does not repeat what is about to happen. */
export class ConfirmationMismatchError extends AppError {
  override readonly name = 'ConfirmationMismatchError'
  readonly code = 'CONFIRMATION_MISMATCH'
  readonly kind = 'invalid'

  constructor(expected: string) {
    super(`To confirm this, \`confirm\` has to be "${expected}".`)
  }
}

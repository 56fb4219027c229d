import { AppError } from '@redress/shared/errors.ts'
import type { Verdict } from '../domain/decision.ts'

/** Models gave no usable answer, and nobody else is to decide instead. */
export class AiUnavailableError extends AppError {
  override readonly name = 'AiUnavailableError'
  readonly code = 'AI_UNAVAILABLE'
  readonly kind = 'unavailable'

  /** @param failure in one word, such as `timeout`. */
  constructor(failure: string, options?: ErrorOptions) {
    super(`The model gave no usable answer: ${failure}.`, options)
  }
}

/** It is not this case's turn yet, or models are away: to be decided later, which is no failed attempt. */
export class HoldDecisionError extends AppError {
  override readonly name = 'HoldDecisionError'
  readonly code = 'AI_UNAVAILABLE'
  readonly kind = 'unavailable'
  readonly failure: string
  readonly retryAfterMs: number
  /** What holds once it was held for too long; null where that is a failure. */
  readonly otherwise: Verdict | null

  constructor(
    failure: string,
    { retryAfterMs, otherwise }: Readonly<{ retryAfterMs: number; otherwise: Verdict | null }>,
    options?: ErrorOptions,
  ) {
    super(`The decision waits for a model: ${failure}.`, options)
    this.failure = failure
    this.retryAfterMs = retryAfterMs
    this.otherwise = otherwise
  }
}

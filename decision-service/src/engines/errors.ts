import { AppError } from '@redress/shared/errors.ts'
import type { Engine, Verdict } from '../domain/decision.ts'

/** Models gave no usable answer, and no fallback is configured to decide instead. */
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
  /** The decision that stands once the hold was too long; null where that is a failure. */
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

/** An engine was asked for that this installation has no model for. */
export class EngineNotConfiguredError extends AppError {
  override readonly name = 'EngineNotConfiguredError'
  readonly code = 'ENGINE_NOT_CONFIGURED'
  readonly kind = 'invalid'

  constructor(engine: Engine) {
    super(`The engine ${engine} is not configured.`)
  }
}

/** The engine that was asked for gave no answer, and no other was asked in its place. */
export class EngineFailedError extends AppError {
  override readonly name = 'EngineFailedError'
  readonly code = 'ENGINE_FAILED'
  readonly kind = 'unavailable'
  override readonly facts: { failure: string }

  constructor(failure: string, cause: unknown) {
    super(`The engine failed: ${failure}.`, { cause })
    this.facts = { failure }
  }
}

/** The attempt at a decision is over: neither a failure of a model, nor a reason to decide without one. */
export class AttemptOverError extends Error {
  override readonly name = 'AttemptOverError'

  constructor() {
    super('The attempt at this decision is over.')
  }
}

/** @param signal aborted when the attempt is over. @throws AttemptOverError */
export function requireRunning(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AttemptOverError()
}

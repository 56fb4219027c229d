import { AppError } from '@redress/shared/errors.ts'
import type { Engine } from '../../domain/decision.ts'

/** Nothing was decided about an issue yet, or nothing that may be seen. */
export class IssueUndecidedError extends AppError {
  override readonly name = 'IssueUndecidedError'
  readonly code = 'DECISION_NOT_FOUND'
  readonly kind = 'missing'

  constructor(issueId: string) {
    super(`There is no decision for the issue ${issueId}.`)
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

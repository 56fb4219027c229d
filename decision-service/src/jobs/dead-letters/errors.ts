import { AppError } from '@redress/shared/errors.ts'
import type { DeadLetterState } from './dead-letter.ts'

/** There is no dead letter with this id, or it was deleted. */
export class DeadLetterNotFoundError extends AppError {
  override readonly name = 'DeadLetterNotFoundError'
  readonly code = 'DEAD_LETTER_NOT_FOUND'
  readonly kind = 'missing'

  constructor(id: string) {
    super(`There is no dead letter ${id}.`)
  }
}

/** It was retried or discarded before, and has not failed again. */
export class DeadLetterNotOpenError extends AppError {
  override readonly name = 'DeadLetterNotOpenError'
  readonly code = 'INVALID_TRANSITION'
  readonly kind = 'refused'

  constructor(state: DeadLetterState) {
    super(`Cannot retry a dead letter that is ${state}.`)
  }
}

/** The subject of its job looks after it: a decision follows its issue, a backtest is requested anew. */
export class DeadLetterNotRetryableError extends AppError {
  override readonly name = 'DeadLetterNotRetryableError'
  readonly code = 'JOB_NOT_MANAGED'
  readonly kind = 'refused'

  constructor(type: string | null) {
    super(`A dead letter of the type ${type} cannot be retried. Use retryIssue, or backtestPolicy.`)
  }
}

import { AppError } from '@redress/shared/errors.ts'
import { QUEUE_NAMES } from './frame/queues.ts'

/** There is no job with this id, or it was deleted, or it is not the caller's. */
export class JobNotFoundError extends AppError {
  override readonly name = 'JobNotFoundError'
  readonly code = 'JOB_NOT_FOUND'
  readonly kind = 'missing'

  constructor(id: string) {
    super(`There is no job ${id}.`)
  }
}

export class QueueNotFoundError extends AppError {
  override readonly name = 'QueueNotFoundError'
  readonly code = 'QUEUE_NOT_FOUND'
  readonly kind = 'missing'

  constructor(name: string) {
    super(`There is no queue ${name}. The queues are ${QUEUE_NAMES.join(', ')}.`)
  }
}

/** A job of a type that does not exist is ordered, or of one that callers may not order. */
export class JobTypeNotFoundError extends AppError {
  override readonly name = 'JobTypeNotFoundError'
  readonly code = 'JOB_TYPE_NOT_FOUND'
  readonly kind = 'missing'

  /** @param types those that there are, for the caller. */
  constructor(type: string, types: readonly string[]) {
    super(`There is no type of job ${type}. The types are ${types.join(', ')}.`)
  }
}

/** Jobs of this type are added by Redress itself, or by a mutation of their own. */
export class JobTypeNotAddableError extends AppError {
  override readonly name = 'JobTypeNotAddableError'
  readonly code = 'JOB_TYPE_NOT_ADDABLE'
  readonly kind = 'refused'

  constructor(type: string) {
    super(`Jobs of the type ${type} cannot be added by a caller.`)
  }
}

/** The job was cancelled while it ran. */
export class JobCancelledError extends AppError {
  override readonly name = 'JobCancelledError'
  readonly code = 'JOB_CANCELLED'
  readonly kind = 'refused'

  constructor() {
    super('The job was cancelled.')
  }
}

/** The state of the job does not allow this. */
export class JobTransitionError extends AppError {
  override readonly name = 'JobTransitionError'
  readonly code = 'INVALID_TRANSITION'
  readonly kind = 'refused'

  constructor(action: 'retry' | 'cancel' | 'clear', state: string) {
    super(`Cannot ${action} what is ${state}.`)
  }
}

/** The subject of the job looks after it itself: a decision follows its issue, a backtest is asked for anew. */
export class JobNotManagedError extends AppError {
  override readonly name = 'JobNotManagedError'
  readonly code = 'JOB_NOT_MANAGED'
  readonly kind = 'refused'

  constructor(type: string, instead: string) {
    super(`A job of the type ${type} cannot be changed by itself. ${instead}`)
  }
}

import type { ErrorCode } from './error-codes.ts'

/** The message of an unexpected error. A caller sees no more of it. */
export const NEUTRAL_MESSAGE = 'Something went wrong on our side. The request id leads to the details.'

/** The kind of a failure, by the caller's possible reaction. The edges read this table; nothing else maps errors. */
export const ERROR_KINDS = {
  invalid: { retry: false, http: 400 },
  unauthenticated: { retry: false, http: 401 },
  refused: { retry: false, http: 403 },
  missing: { retry: false, http: 404 },
  conflict: { retry: true, http: 409 },
  limited: { retry: true, http: 429 },
  unavailable: { retry: true, http: 503 },
} as const

export type ErrorKind = keyof typeof ERROR_KINDS

/** A failure that is part of an interface: callers see its `code`, edges look at its `kind`. */
export abstract class AppError extends Error {
  /** Public and permanent: clients and alerts match on it, so it is never renamed. */
  abstract readonly code: ErrorCode
  abstract readonly kind: ErrorKind
  /** Facts that the caller may see beside the code. */
  readonly facts: Readonly<Record<string, unknown>> = {}
}

/** Whether a retry cannot help. An unexpected error may be retried; the limit of attempts bounds the cost. */
export function isFinal(error: unknown): error is AppError {
  return error instanceof AppError && !ERROR_KINDS[error.kind].retry
}

/** A value of the caller that is malformed or out of range. `path` is its place in the arguments, from the name of one. */
export type InputProblem = Readonly<{ path: readonly string[]; message: string }>

/** Values of the caller are malformed or out of range; all problems at once, `argumentPath` is that of the first. */
export class BadUserInputError extends AppError {
  override readonly name = 'BadUserInputError'
  readonly code = 'BAD_USER_INPUT'
  readonly kind = 'invalid'
  override readonly facts: {
    argumentPath: readonly string[]
    problems: readonly (InputProblem & { code: 'BAD_USER_INPUT' })[]
  }

  constructor(path: readonly string[], message: string, more: readonly InputProblem[] = []) {
    const problems = [{ path, message }, ...more]
    super(problems.map((problem) => `${problem.path.join('.')} ${problem.message}.`).join(' '))
    this.facts = {
      argumentPath: path,
      problems: problems.map((problem) => ({ code: 'BAD_USER_INPUT', ...problem })),
    }
  }
}

/** The error of a value with problems; null without any. */
export function toInputError([first, ...more]: readonly InputProblem[]): BadUserInputError | null {
  return first === undefined ? null : new BadUserInputError(first.path, first.message, more)
}

/** @throws BadUserInputError if there are problems. */
export function refuseProblems(problems: readonly InputProblem[]): void {
  const error = toInputError(problems)
  if (error !== null) throw error
}

export class CustomerNotFoundError extends AppError {
  override readonly name = 'CustomerNotFoundError'
  readonly code = 'CUSTOMER_NOT_FOUND'
  readonly kind = 'missing'

  constructor(id: string) {
    super(`There is no customer ${id}.`)
  }
}

/** The idempotency key was used before, with another input. */
export class IdempotencyConflictError extends AppError {
  override readonly name = 'IdempotencyConflictError'
  readonly code = 'IDEMPOTENCY_CONFLICT'
  readonly kind = 'refused'

  constructor(key: string) {
    super(`The idempotency key ${key} was used before with another input.`)
  }
}

/** A store does not answer, is not writable, or has no room. Nothing was changed; the same call may succeed later. */
export class StoreUnavailableError extends AppError {
  override readonly name = 'StoreUnavailableError'
  readonly code = 'STORE_UNAVAILABLE'
  readonly kind = 'unavailable'

  constructor(options?: ErrorOptions) {
    super('A store is unavailable for a moment. The same request may succeed if it is sent again.', options)
  }
}

/** The token is missing, expired, forged or for another audience. */
export class UnauthenticatedError extends AppError {
  override readonly name = 'UnauthenticatedError'
  readonly code = 'UNAUTHENTICATED'
  readonly kind = 'unauthenticated'
}

/** The caller is authenticated and lacks a permission. */
export class ForbiddenError extends AppError {
  override readonly name = 'ForbiddenError'
  readonly code = 'FORBIDDEN'
  readonly kind = 'refused'
  override readonly facts: { permission: string }

  constructor(permission: string) {
    super(`This needs the permission ${permission}.`)
    this.facts = { permission }
  }
}

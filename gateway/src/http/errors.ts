import type { ErrorCode } from '@redress/shared/error-codes.ts'
import { AppError, ERROR_KINDS, type ErrorKind } from '@redress/shared/errors.ts'

export class PathNotFoundError extends AppError {
  override readonly name = 'PathNotFoundError'
  readonly code = 'NOT_FOUND'
  readonly kind: ErrorKind = 'missing'

  constructor() {
    super('There is nothing at this address.')
  }
}

export class MethodNotAllowedError extends AppError {
  override readonly name = 'MethodNotAllowedError'
  readonly code = 'METHOD_NOT_ALLOWED'
  readonly kind: ErrorKind = 'invalid'
  override readonly facts: { allowed: readonly string[] }

  constructor(allowed: readonly string[]) {
    super(`This address takes ${allowed.join(' and ')} only.`)
    this.facts = { allowed }
  }
}

/** The client accepts no form that answers have. */
export class NotAcceptableError extends AppError {
  override readonly name = 'NotAcceptableError'
  readonly code = 'NOT_ACCEPTABLE'
  readonly kind: ErrorKind = 'invalid'

  constructor() {
    super(
      'Answers are application/graphql-response+json, application/json or text/event-stream. multipart/mixed is not supported: answers come in one piece.',
    )
  }
}

/** Codes with a more exact HTTP status than that of their kind. */
const STATUS_OF_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  BODY_TOO_LARGE: 413,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  // As Apollo Server answers it: mobile clients take any other status for a failure, and never send the text.
  PERSISTED_QUERY_NOT_FOUND: 200,
}

export function statusOf({ code, kind }: AppError): number {
  return STATUS_OF_CODE[code] ?? ERROR_KINDS[kind].http
}

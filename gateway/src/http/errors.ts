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

/** Codes with a more exact HTTP status than that of their kind. */
const STATUS_OF_CODE: Readonly<Partial<Record<ErrorCode, number>>> = { BODY_TOO_LARGE: 413, METHOD_NOT_ALLOWED: 405 }

export function statusOf({ code, kind }: AppError): number {
  return STATUS_OF_CODE[code] ?? ERROR_KINDS[kind].http
}

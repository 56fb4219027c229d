import type { ErrorCode } from '@redress/shared/error-codes.ts'
import { AppError } from '@redress/shared/errors.ts'
import type { GraphQLFormattedError } from 'graphql'
import { codedError } from '../execution/coded-error.ts'

/** An operation that is not run, with what is wrong with it. */
export class RefusedOperationError extends Error {
  override readonly name = 'RefusedOperationError'
  /** The HTTP status of the answer. */
  readonly status: number
  readonly errors: readonly GraphQLFormattedError[]

  constructor(errors: readonly GraphQLFormattedError[], status = 400) {
    super(errors[0]?.message ?? 'Refused.')
    this.errors = errors
    this.status = status
  }
}

export function refusal(code: ErrorCode, message: string, status?: number): RefusedOperationError {
  return new RefusedOperationError([codedError(code, message)], status)
}

/** The request is not one of GraphQL over HTTP. */
export class BadRequestError extends AppError {
  override readonly name = 'BadRequestError'
  readonly code = 'BAD_REQUEST'
  readonly kind = 'invalid'
}

import { AppError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { GraphQLFormattedError } from 'graphql'
import { internalError, toGraphqlError } from '../operations/public-error.ts'
import { RefusedOperationError } from '../operations/refusal.ts'

/** Why a subscription or an operation ends early: an error of the gateway, or the errors found in its document. */
export type End = AppError | readonly GraphQLFormattedError[]

/** An unexpected error becomes a neutral message for the client and a line in the log. */
export function toEnd(error: unknown, logger: Logger): End {
  if (error instanceof AppError) return error
  if (error instanceof RefusedOperationError) return error.errors
  logger.error({ err: error }, 'subscription failed')
  return [internalError()]
}

/** The errors as clients see them. */
export function toErrors(end: End): readonly GraphQLFormattedError[] {
  return end instanceof AppError ? [toGraphqlError(end)] : end
}

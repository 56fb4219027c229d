import { unwrapResolverError } from '@apollo/server/errors'
import type { GraphQLFormattedError } from 'graphql'
import { type ErrorCode, isErrorCode } from '../error-codes.ts'
import { AppError, NEUTRAL_MESSAGE, StoreUnavailableError } from '../errors.ts'
import type { Logger } from '../process/logger.ts'
import { isTransient } from '../stores/mongo.ts'

export type PublicError = GraphQLFormattedError & Readonly<{ extensions: Readonly<{ code: ErrorCode }> }>

/**
 * What a caller sees of an error: an AppError with its code and facts, an error of GraphQL as it is, and of any other
 * only a neutral sentence. The log has the rest.
 */
export function toPublicError(formatted: GraphQLFormattedError, error: unknown, logger: Logger): PublicError {
  const { locations: _, ...rest } = formatted
  const cause = unwrapResolverError(error)
  if (isTransient(cause)) {
    logger.warn({ err: cause, path: formatted.path }, 'database away')
    const { message, code } = new StoreUnavailableError()
    return { ...rest, message, extensions: { code } }
  }
  if (cause instanceof AppError) {
    return { ...rest, message: cause.message, extensions: { code: cause.code, ...cause.facts } }
  }
  const code = formatted.extensions?.code
  if (isErrorCode(code) && code !== 'INTERNAL_SERVER_ERROR') return { ...rest, extensions: { code } }

  logger.error({ err: cause, path: formatted.path }, 'unexpected error')
  return { ...rest, message: NEUTRAL_MESSAGE, extensions: { code: 'INTERNAL_SERVER_ERROR' } }
}

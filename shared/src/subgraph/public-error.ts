import { unwrapResolverError } from '@apollo/server/errors'
import type { GraphQLFormattedError } from 'graphql'
import { AppError, NEUTRAL_MESSAGE } from '../errors.ts'
import type { Logger } from '../process/logger.ts'
import { isTransient } from '../stores/mongo.ts'

const AWAY = 'The database is away for a moment. The same request may succeed if it is sent again.'

/**
 * What a caller may see of an error: ours with code and facts, GraphQL's own as they are, and of all others only a
 * neutral sentence; the log has the rest.
 */
export function toPublicError(formatted: GraphQLFormattedError, error: unknown, logger: Logger): GraphQLFormattedError {
  const { locations: _, ...rest } = formatted
  const cause = unwrapResolverError(error)
  if (cause instanceof AppError) {
    return { ...rest, message: cause.message, extensions: { code: cause.code, ...cause.facts } }
  }
  if (isTransient(cause)) {
    logger.warn({ err: cause, path: formatted.path }, 'database away')
    return { ...rest, message: AWAY, extensions: { code: 'STORE_UNAVAILABLE' } }
  }
  const code = formatted.extensions?.code
  if (typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR') return { ...rest, extensions: { code } }

  logger.error({ err: cause, path: formatted.path }, 'unexpected error')
  return { ...rest, message: NEUTRAL_MESSAGE, extensions: { code: 'INTERNAL_SERVER_ERROR' } }
}

import type { ErrorCode } from '@redress/shared/error-codes.ts'
import { type AppError, NEUTRAL_MESSAGE } from '@redress/shared/errors.ts'
import type { GraphQLFormattedError } from 'graphql'
import { codedError } from '../execution/coded-error.ts'

export const INTERNAL = 'INTERNAL_SERVER_ERROR' satisfies ErrorCode

/** Codes of the gateway's own errors that callers may see. Any other error without a service is a bug in the gateway. */
const CODES_OF_GATEWAY: readonly string[] = [
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'SUBGRAPH_INVALID_ANSWER',
] satisfies ErrorCode[]
/** The code of an error that a subgraph sent without one: its text is not meant for callers. */
const WITHOUT_CODE = 'DOWNSTREAM_SERVICE_ERROR' satisfies ErrorCode

/** Whether callers see the messages that a subgraph sends without a code. */
export type ShowsMessagesOf = (service: string) => boolean

/**
 * What a caller may see of an error. An error of a subgraph keeps its code and facts and names its service; an
 * unexpected one becomes a neutral sentence, whatever its text was.
 */
export function toPublicError(
  { message, path, locations, extensions }: GraphQLFormattedError,
  showsMessagesOf: ShowsMessagesOf = () => false,
): GraphQLFormattedError {
  const { code, serviceName, service = serviceName, stacktrace: _, http: __, ...facts } = extensions ?? {}
  const place = { ...(path && { path }), ...(locations && service === undefined && { locations }) }
  const origin = service === undefined ? {} : { service }

  if (!isPublic(code, service)) {
    if (typeof service !== 'string' || !showsMessagesOf(service)) return { ...internalError(origin), ...place }
    return { message, ...place, extensions: { ...facts, code: WITHOUT_CODE, ...origin } }
  }
  return { message, ...place, extensions: { code, ...facts, ...origin } }
}

/** The only thing that callers see of an unexpected error. */
export function internalError(facts: Readonly<Record<string, unknown>> = {}): GraphQLFormattedError {
  return codedError(INTERNAL, NEUTRAL_MESSAGE, facts)
}

/** One of our own errors in GraphQL's form. */
export function toGraphqlError({ code, message, facts }: AppError): GraphQLFormattedError {
  return codedError(code, message, facts)
}

function isPublic(code: unknown, service: unknown): boolean {
  if (typeof code !== 'string' || code === INTERNAL || code === WITHOUT_CODE) return false
  return service !== undefined || CODES_OF_GATEWAY.includes(code)
}

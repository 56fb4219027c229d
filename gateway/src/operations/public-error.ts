import { ApolloServerErrorCode } from '@apollo/server/errors'
import type { GraphQLFormattedError } from 'graphql'

export const NEUTRAL = 'Something went wrong on our side. The request id leads to the details.'
/** Apollo would tell the caller how to configure us. */
const NO_INTROSPECTION = 'This gateway does not show its schema.'
export const INTERNAL = 'INTERNAL_SERVER_ERROR'

/** Mistakes of the caller that the gateway itself finds. Anything else without a service is a bug of ours. */
const CODES_OF_CALLER: readonly string[] = Object.values(ApolloServerErrorCode).filter((code) => code !== INTERNAL)
/** What the gateway makes of a subgraph's error that has no code: not meant to be seen. */
const WITHOUT_CODE = 'DOWNSTREAM_SERVICE_ERROR'

/**
 * What a caller may see of an error. A subgraph's error keeps its code and facts and says which service it came from;
 * an unexpected one becomes a neutral sentence, whatever its text was.
 */
export function toPublicError({ message, path, locations, extensions }: GraphQLFormattedError): GraphQLFormattedError {
  const { code, serviceName, service = serviceName, stacktrace: _, http: __, ...facts } = extensions ?? {}
  const place = { ...(path && { path }), ...(locations && service === undefined && { locations }) }
  const origin = service === undefined ? {} : { service }

  if (!isPublic(code, service)) return { message: NEUTRAL, ...place, extensions: { code: INTERNAL, ...origin } }
  const text = facts.validationErrorCode === 'INTROSPECTION_DISABLED' ? NO_INTROSPECTION : message
  return { message: text, ...place, extensions: { code, ...facts, ...origin } }
}

function isPublic(code: unknown, service: unknown): boolean {
  if (typeof code !== 'string' || code === INTERNAL || code === WITHOUT_CODE) return false
  return service !== undefined || CODES_OF_CALLER.includes(code)
}

import { NEUTRAL_MESSAGE } from '@redress/shared/errors.ts'
import type { GraphQLFormattedError } from 'graphql'

export const INTERNAL = 'INTERNAL_SERVER_ERROR'

/** What the gateway itself finds out and callers are to see. Anything else without a service is a bug of ours. */
const CODES_OF_GATEWAY: readonly string[] = ['FORBIDDEN', 'SUBGRAPH_INVALID_ANSWER']
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

  if (!isPublic(code, service)) return { message: NEUTRAL_MESSAGE, ...place, extensions: { code: INTERNAL, ...origin } }
  return { message, ...place, extensions: { code, ...facts, ...origin } }
}

function isPublic(code: unknown, service: unknown): boolean {
  if (typeof code !== 'string' || code === INTERNAL || code === WITHOUT_CODE) return false
  return service !== undefined || CODES_OF_GATEWAY.includes(code)
}

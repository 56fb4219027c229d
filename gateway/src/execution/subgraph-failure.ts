import type { GraphQLFormattedError } from 'graphql'

/** Whatever keeps a subgraph from answering is one error to the caller; the log has the cause. */
export function failureOf(_cause: unknown, service: string): GraphQLFormattedError {
  return {
    message: `The service ${service} is not available.`,
    extensions: { code: 'SUBGRAPH_UNAVAILABLE', service },
  }
}

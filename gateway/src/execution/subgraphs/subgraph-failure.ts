import type { GraphQLFormattedError } from 'graphql'

const MESSAGES = {
  SUBGRAPH_UNAVAILABLE: (service: string) => `The service ${service} is not available.`,
  SUBGRAPH_INVALID_ANSWER: (service: string) => `The service ${service} answered something that cannot be used.`,
} as const

export type SubgraphFailure = keyof typeof MESSAGES

/** Whatever keeps a subgraph from answering is one error to the caller; the log has the cause. */
export function failureOf(code: SubgraphFailure, service: string): GraphQLFormattedError {
  return { message: MESSAGES[code](service), extensions: { code, service } }
}

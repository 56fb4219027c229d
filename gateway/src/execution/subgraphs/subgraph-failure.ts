import type { ErrorCode } from '@redress/shared/error-codes.ts'
import type { GraphQLFormattedError } from 'graphql'
import { codedError } from '../coded-error.ts'

const MESSAGES = {
  SUBGRAPH_UNAVAILABLE: (service: string) => `The service ${service} is not available.`,
  SUBGRAPH_INVALID_ANSWER: (service: string) => `The service ${service} answered something that cannot be used.`,
} as const satisfies Partial<Record<ErrorCode, (service: string) => string>>

export type SubgraphFailure = keyof typeof MESSAGES

/** The error that callers see if a subgraph gives no usable answer; the log has the cause. */
export function failureOf(code: SubgraphFailure, service: string): GraphQLFormattedError {
  return codedError(code, MESSAGES[code](service), { service })
}

import type { ErrorCode } from '@redress/shared/error-codes.ts'
import type { GraphQLFormattedError } from 'graphql'

/** An error in GraphQL's form. @param facts what `extensions` says beside the code. */
export function codedError(
  code: ErrorCode,
  message: string,
  facts: Readonly<Record<string, unknown>> = {},
): GraphQLFormattedError {
  return { message, extensions: { code, ...facts } }
}

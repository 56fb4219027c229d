import type { Logger } from '@redress/shared/process/logger.ts'
import type { GraphQLFormattedError } from 'graphql'
import type { OperationResult } from '../execution/operation.ts'
import type { OperationContext } from '../execution/operation-context.ts'
import { INTERNAL, type ShowsMessagesOf, toPublicError } from './public-error.ts'

export type Showing = Readonly<{ logger: Logger; showsMessagesOf: ShowsMessagesOf }>

/** The answer as JSON, with errors as callers may see them. Notes their codes for the access log. */
export function toAnswerText({ data, errors }: OperationResult, context: OperationContext, showing: Showing): string {
  if (errors.length === 0) return `{"data":${data}}`
  const shown = errors.map((error) => show(error, context, showing))
  context.observed.codes = codesOf(shown)
  return `{"errors":${JSON.stringify(shown)},"data":${data}}`
}

/** Logs an unexpected error, and gives the caller the request id to ask about it. */
function show(
  error: GraphQLFormattedError,
  { requestId }: OperationContext,
  { logger, showsMessagesOf }: Showing,
): GraphQLFormattedError {
  const shown = toPublicError(error, showsMessagesOf)
  if (shown.extensions?.code !== INTERNAL) return shown
  logger.error({ err: error, requestId, subgraph: error.extensions?.serviceName, path: error.path }, 'unexpected error')
  return { ...shown, extensions: { ...shown.extensions, requestId } }
}

export function codesOf(errors: readonly GraphQLFormattedError[]): readonly string[] {
  return [...new Set(errors.map(({ extensions }) => String(extensions?.code)))]
}

/** Adds `extensions.cost` to the text of an answer. */
export function withCost(text: string, cost: object): string {
  return `${text.slice(0, -1)},"extensions":{"cost":${JSON.stringify(cost)}}}`
}

import type { Logger } from '@redress/shared/process/logger.ts'
import type { GraphQLFormattedError } from 'graphql'
import type { OperationResult } from '../execution/operation.ts'
import type { OperationContext } from '../execution/operation-context.ts'
import { INTERNAL, toPublicError } from './public-error.ts'

/** The answer as JSON, with errors as callers may see them. Notes their codes for the access log. */
export function toAnswerText({ data, errors }: OperationResult, context: OperationContext, logger: Logger): string {
  if (errors.length === 0) return `{"data":${data}}`
  const shown = errors.map((error) => show(error, context, logger))
  context.observed.codes = codesOf(shown)
  return `{"errors":${JSON.stringify(shown)},"data":${data}}`
}

/** Logs an unexpected error, and gives the caller the request id to ask about it. */
function show(error: GraphQLFormattedError, { requestId }: OperationContext, logger: Logger): GraphQLFormattedError {
  const shown = toPublicError(error)
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

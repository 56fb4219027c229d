import type { ApolloServerPlugin, BaseContext, GraphQLRequestContext } from '@apollo/server'
import type { Logger } from '@redress/shared/logger.ts'
import type { GraphQLError, GraphQLFormattedError } from 'graphql'
import type { OperationContext } from '../execution/operation-context.ts'
import { INTERNAL, toPublicError } from './public-error.ts'

/** Whoever writes an operation may name it as they like; the log is ours. */
const LOGGED_NAME_MAX = 100

/**
 * Tells the access log what ran and how it went, logs what callers are not shown, and gives them the request id to ask
 * about it.
 */
export function observeOperations(logger: Logger): ApolloServerPlugin<OperationContext> {
  return {
    requestDidStart: async ({ contextValue: { observed, requestId } }) => ({
      didResolveOperation: async ({ operationName }) => {
        observed.operationName = operationName?.slice(0, LOGGED_NAME_MAX) ?? null
      },
      didEncounterErrors: async ({ errors }) => {
        for (const error of errors.filter(isUnexpected)) logUnexpected(error, { requestId, logger })
      },
      willSendResponse: async (context) => {
        const errors = errorsOf(context)
        if (errors.length === 0) return
        observed.codes = [...new Set(errors.map(({ extensions }) => String(extensions?.code)))]
        replaceErrors(
          context,
          errors.map((error) => withRequestId(error, requestId)),
        )
      },
    }),
  }
}

function isUnexpected(error: GraphQLError): boolean {
  return toPublicError(error.toJSON()).extensions?.code === INTERNAL
}

function logUnexpected(error: GraphQLError, { requestId, logger }: { requestId: string; logger: Logger }): void {
  const subgraph = error.extensions.serviceName
  logger.error({ err: error.originalError ?? error, requestId, subgraph, path: error.path }, 'unexpected error')
}

function errorsOf<C extends BaseContext>({ response }: GraphQLRequestContext<C>): readonly GraphQLFormattedError[] {
  return response.body?.kind === 'single' ? (response.body.singleResult.errors ?? []) : []
}

function replaceErrors<C extends BaseContext>(
  { response }: GraphQLRequestContext<C>,
  errors: readonly GraphQLFormattedError[],
): void {
  if (response.body?.kind === 'single') response.body.singleResult.errors = errors
}

function withRequestId(error: GraphQLFormattedError, requestId: string): GraphQLFormattedError {
  if (error.extensions?.code !== INTERNAL) return error
  return { ...error, extensions: { ...error.extensions, requestId } }
}

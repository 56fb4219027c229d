import { ApolloServer } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled'
import type { Logger } from '@redress/shared/logger.ts'
import type { FederatedGraph } from '../execution/federated-graph.ts'
import type { OperationContext } from '../execution/operation-context.ts'
import { observeOperations } from './observe-operations.ts'
import { toPublicError } from './public-error.ts'

export type GraphqlServer = ApolloServer<OperationContext>
export type GraphqlServerOptions = Readonly<{ graph: FederatedGraph; introspection: boolean; logger: Logger }>

/** Parses, checks and runs documents. @throws when the supergraph cannot be used. */
export async function startGraphqlServer({
  graph,
  introspection,
  logger,
}: GraphqlServerOptions): Promise<GraphqlServer> {
  const server = new ApolloServer<OperationContext>({
    gateway: graph,
    introspection,
    // Otherwise a wrong name is answered with the right ones.
    hideSchemaDetailsFromClientErrors: !introspection,
    formatError: toPublicError,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    logger: logger.child({}, { level: 'warn' }),
    plugins: [
      observeOperations(logger),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  })
  await server.start()
  return server
}

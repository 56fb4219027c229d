import { ApolloServer } from '@apollo/server'
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled'
import { buildSubgraphSchema } from '@apollo/subgraph'
import type { GraphQLSchema } from 'graphql'
import { createHealth, type HealthChecks } from '../process/health.ts'
import { answerJson, type HttpServer, startHttpServer } from '../process/http.ts'
import { type AnswerOptions, createAnswerOperation, type ObservedContext } from './answer-operation.ts'
import { checkArguments } from './check-arguments.ts'
import { enforcePermissions } from './permission-directive.ts'
import { toPublicError } from './public-error.ts'
import { readSchema } from './read-schema.ts'
import { answerByRoute, type Routes } from './routes.ts'
import { scalars } from './scalars.ts'
import { observeOperations } from './subgraph-metrics.ts'

type Module = Extract<Parameters<typeof buildSubgraphSchema>[0], readonly unknown[]>[number]
type Resolvers = NonNullable<Extract<Module, { typeDefs: unknown }>['resolvers']>

export type SubgraphOptions<Loaders> = AnswerOptions<Loaders> &
  Readonly<{
    schemaFile: URL
    resolvers: Resolvers
    routes?: Routes
    checks: HealthChecks
    optionalChecks?: HealthChecks
    port: number
    host: string
  }>

/** Plugins that are there unless they are disabled. */
const WITHOUT = [
  ApolloServerPluginLandingPageDisabled(),
  ApolloServerPluginInlineTraceDisabled(),
  // It wraps every resolver to compute how long an answer may be cached, and no answer may be.
  ApolloServerPluginCacheControlDisabled(),
]

/**
 * Serves one subgraph on `/graphql`, `/health`, `/health/ready` and `/metrics`. Only the gateway is answered: a request
 * without a valid internal token is refused with 401 before its body is read.
 */
export function serveSubgraph<Loaders>(options: SubgraphOptions<Loaders>): Promise<HttpServer> {
  return serveSchema(buildSchema(options), options)
}

/** The same, of a schema that `buildSchema` has made: the tests serve one many times. */
export async function serveSchema<Loaders>(
  schema: GraphQLSchema,
  options: Omit<SubgraphOptions<Loaders>, 'schemaFile' | 'resolvers'>,
): Promise<HttpServer> {
  const { name, checks, logger, port, host, metrics, routes = {} } = options
  const apollo = new ApolloServer<ObservedContext<Loaders>>({
    schema,
    formatError: (formatted, error) => toPublicError(formatted, error, logger),
    includeStacktraceInErrorResponses: false,
    introspection: false,
    // The internal token already protects against requests from a foreign page.
    csrfPrevention: false,
    stopOnTerminationSignals: false,
    plugins: [...WITHOUT, observeOperations()],
    persistedQueries: false,
    logger,
  })
  await apollo.start()
  const answerOperation = createAnswerOperation(apollo, options)

  const health = createHealth(name, checks, { optionalChecks: options.optionalChecks })
  const server = await startHttpServer(
    (request, response) => {
      if (health.answer(request, response) || metrics?.answer(request, response)) return
      if (answerByRoute(routes, { request, response }, options)) return
      if (request.url !== '/graphql' || request.method !== 'POST') return answerJson(response, 404, { errors: [] })
      void answerOperation(request, response)
    },
    { port, host },
  )

  return {
    url: server.url,
    async close() {
      health.drain()
      await server.close()
      await apollo.stop()
    },
  }
}

/** The schema of a file with these resolvers, which checks permissions and arguments before it calls them. */
export function buildSchema({ schemaFile, resolvers }: Pick<SubgraphOptions<never>, 'schemaFile' | 'resolvers'>) {
  const typeDefs = readSchema(schemaFile)
  const declared = new Set(
    typeDefs.definitions.flatMap((node) => ('name' in node && node.name ? [node.name.value] : [])),
  )
  const ownScalars = Object.fromEntries(Object.entries(scalars).filter(([scalar]) => declared.has(scalar)))
  // Permissions first: a caller without one learns nothing about its arguments.
  return enforcePermissions(
    checkArguments(buildSubgraphSchema([{ typeDefs, resolvers: { ...ownScalars, ...resolvers } as Resolvers }])),
  )
}

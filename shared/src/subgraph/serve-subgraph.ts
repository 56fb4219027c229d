import { readFileSync } from 'node:fs'
import { ApolloServer } from '@apollo/server'
import {
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { parse } from 'graphql'
import type { VerifyInternalToken } from '../access/internal-token.ts'
import type { Principal } from '../access/permissions.ts'
import { createHealth, type HealthCheck } from '../process/health.ts'
import { answerJson, type HttpServer, startHttpServer } from '../process/http.ts'
import type { Logger } from '../process/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { createAnswerOperation, type ObservedContext } from './answer-operation.ts'
import { enforcePermissions } from './permission-directive.ts'
import { toPublicError } from './public-error.ts'
import { scalars } from './scalars.ts'
import { observeOperations } from './subgraph-metrics.ts'

/** One request as resolvers see it. */
export type RequestContext<Loaders> = Readonly<{
  principal: Principal
  /** The signed word about the principal as it came, to ask another subgraph on their behalf. Never logged or stored. */
  token: string
  requestId: string
  clientIp: string | null
  /** What to tell whoever does a part of it: the traceparent of this request, or null where there are no traces. */
  trace: string | null
  /** Made anew for each request, so that nothing is shared between callers. */
  loaders: Loaders
}>

type Module = Extract<Parameters<typeof buildSubgraphSchema>[0], readonly unknown[]>[number]
type Resolvers = NonNullable<Extract<Module, { typeDefs: unknown }>['resolvers']>

export type SubgraphOptions<Loaders> = Readonly<{
  name: string
  schemaFile: URL
  resolvers: Resolvers
  createLoaders: () => Loaders
  verifyToken: VerifyInternalToken
  checks: Readonly<Record<string, HealthCheck>>
  port: number
  host: string
  logger: Logger
  /** Served on `/metrics` where given. */
  metrics?: Metrics
  telemetry?: Telemetry
}>

/**
 * Serves one subgraph on `/graphql`, `/health`, `/health/ready` and `/metrics`. Operations are answered for the gateway
 * only: a request without its signed word about who asks is refused with 401 before its body is read.
 */
export async function serveSubgraph<Loaders>(options: SubgraphOptions<Loaders>): Promise<HttpServer> {
  const { name, checks, logger, port, host, metrics } = options
  const apollo = new ApolloServer<ObservedContext<Loaders>>({
    schema: buildSchema(options),
    formatError: (formatted, error) => toPublicError(formatted, error, logger),
    includeStacktraceInErrorResponses: false,
    introspection: false,
    // The token above is a protection that a foreign page cannot get around.
    csrfPrevention: false,
    stopOnTerminationSignals: false,
    plugins: [ApolloServerPluginLandingPageDisabled(), ApolloServerPluginInlineTraceDisabled(), observeOperations()],
    persistedQueries: false,
    logger,
  })
  await apollo.start()
  const answerOperation = createAnswerOperation(apollo, options)

  const health = createHealth(name, checks)
  const server = await startHttpServer(
    (request, response) => {
      if (health.answer(request, response) || metrics?.answer(request, response)) return
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

function buildSchema<Loaders>({ schemaFile, resolvers }: SubgraphOptions<Loaders>) {
  const typeDefs = parse(readFileSync(schemaFile, 'utf8'))
  const declared = new Set(
    typeDefs.definitions.flatMap((node) => ('name' in node && node.name ? [node.name.value] : [])),
  )
  const ownScalars = Object.fromEntries(Object.entries(scalars).filter(([scalar]) => declared.has(scalar)))
  return enforcePermissions(
    buildSubgraphSchema([{ typeDefs, resolvers: { ...ownScalars, ...resolvers } as Resolvers }]),
  )
}

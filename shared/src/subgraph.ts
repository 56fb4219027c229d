import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApolloServer, HeaderMap } from '@apollo/server'
import {
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { type GraphQLFormattedError, parse } from 'graphql'
import type { Principal } from './access.ts'
import { AppError, ERROR_KINDS } from './errors.ts'
import { createHealth, type HealthCheck } from './health.ts'
import { answerJson, type HttpServer, headerOf, parseJson, readBody, startHttpServer } from './http.ts'
import type { VerifyInternalToken } from './internal-token.ts'
import type { Logger } from './logger.ts'
import { enforcePermissions } from './permission-directive.ts'
import { toPublicError } from './public-error.ts'
import { scalars } from './scalars.ts'

/** 100 issues with long notes fit many times over. */
const BODY_BYTES_MAX = 1024 * 1024

/** One request as resolvers see it. */
export type RequestContext<Loaders> = Readonly<{
  principal: Principal
  requestId: string
  clientIp: string | null
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
}>

/**
 * Serves one subgraph on `/graphql`, `/health` and `/health/ready`. It answers the gateway only: a request without the
 * gateway's signed word about who asks is refused with 401 before its body is read.
 */
export async function serveSubgraph<Loaders>(options: SubgraphOptions<Loaders>): Promise<HttpServer> {
  const { name, checks, logger, port, host } = options
  const apollo = new ApolloServer<RequestContext<Loaders>>({
    schema: buildSchema(options),
    formatError: (formatted, error) => toPublicError(formatted, error, logger),
    includeStacktraceInErrorResponses: false,
    introspection: false,
    // The token above is a protection that a foreign page cannot get around.
    csrfPrevention: false,
    stopOnTerminationSignals: false,
    plugins: [ApolloServerPluginLandingPageDisabled(), ApolloServerPluginInlineTraceDisabled()],
    persistedQueries: false,
    logger,
  })
  await apollo.start()

  const health = createHealth(name, checks)
  const server = await startHttpServer(
    (request, response) => {
      if (health.answer(request, response)) return
      if (request.url !== '/graphql' || request.method !== 'POST') return answerJson(response, 404, { errors: [] })
      answerGraphql(request, response).catch((error) => answerFailure(response, error, logger))
    },
    { port, host },
  )

  const answerGraphql = async (request: IncomingMessage, response: ServerResponse) => {
    const context = await readContext(request, options)
    const body = parseJson(await readBody(request, BODY_BYTES_MAX))
    const headers = new HeaderMap([['content-type', 'application/json']])
    const answer = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: 'POST', headers, body, search: '' },
      context: async () => context,
    })
    // Apollo answers in one piece: incremental delivery is not offered.
    const text = answer.body.kind === 'complete' ? answer.body.string : ''
    response.writeHead(answer.status ?? 200, Object.fromEntries(answer.headers))
    response.end(text)
  }

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

async function readContext<Loaders>(
  request: IncomingMessage,
  { verifyToken, createLoaders }: SubgraphOptions<Loaders>,
): Promise<RequestContext<Loaders>> {
  const authorization = headerOf(request, 'authorization')
  const principal = await verifyToken(authorization?.startsWith('Bearer ') ? authorization.slice(7) : null)
  return {
    principal,
    requestId: headerOf(request, 'x-request-id') ?? randomUUID(),
    clientIp: headerOf(request, 'x-client-ip'),
    loaders: createLoaders(),
  }
}

function answerFailure(response: ServerResponse, error: unknown, logger: Logger): void {
  const formatted: GraphQLFormattedError = toPublicError({ message: String(error) }, error, logger)
  const status = error instanceof AppError ? ERROR_KINDS[error.kind].http : 500
  answerJson(response, status, { errors: [formatted] })
}

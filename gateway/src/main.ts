import { readFileSync } from 'node:fs'
import { configOrExit } from '@redress/shared/config.ts'
import { createInternalTokenSigner } from '@redress/shared/internal-token.ts'
import { announceReady, endWithOneLine, exitAfter, untilStopped } from '@redress/shared/lifecycle.ts'
import { createLogger } from '@redress/shared/logger.ts'
import { readVerificationKeys } from './access/key-files.ts'
import { createTokenVerifier } from './access/verify-token.ts'
import { readConfig } from './config.ts'
import { createSubgraphSource } from './execution/call-subgraph.ts'
import { createFederatedGraph } from './execution/federated-graph.ts'
import { closeSubgraphs, createSubgraphs, isSubgraphReady } from './execution/subgraphs.ts'
import { createGraphqlRoute } from './http/graphql-route.ts'
import { createPlaygroundRoute } from './http/playground/playground-route.ts'
import { serveGateway } from './http/serve-gateway.ts'
import { startGraphqlServer } from './operations/graphql-server.ts'

const config = configOrExit(readConfig)
const logger = createLogger('gateway', config.log)

// Closed in reverse order when this module ends, whether it ends well or not.
await using resources = new AsyncDisposableStack()

// What we talk to.
const subgraphs = createSubgraphs(config.subgraphs)
resources.defer(() => closeSubgraphs(subgraphs))

// What we do.
const signToken = createInternalTokenSigner(config.internalPrivateKey)
const calls = { timeoutMs: config.subgraphTimeoutMs, signToken, logger }
const sources = subgraphs.map((subgraph) => [subgraph.name, createSubgraphSource(subgraph, calls)])
const graph = createFederatedGraph({
  supergraph: readFileSync(new URL('../supergraph.graphql', import.meta.url), 'utf8'),
  sources: Object.fromEntries(sources),
  logger,
})
const server = await startGraphqlServer({ graph, introspection: config.introspection, logger })
resources.defer(() => server.stop())
const verifyToken = createTokenVerifier({ keys: readVerificationKeys(config.jwt.keyFile), ...config.jwt })

// What talks to us.
const gateway = await serveGateway({
  graphql: createGraphqlRoute({ server, verifyToken }),
  playground: config.playground && createPlaygroundRoute(config.playground),
  checks: Object.fromEntries(
    subgraphs.map((subgraph) => [subgraph.name, () => isSubgraphReady(subgraph, config.health.timeoutMs)]),
  ),
  trustProxy: config.trustProxy,
  port: config.port,
  host: config.host,
  logger,
}).catch(endWithOneLine)
resources.defer(() => gateway.close())

logger.info({ url: gateway.url }, 'ready')
announceReady(gateway.url)
logger.info({ signal: await untilStopped() }, 'stopping')
exitAfter(config.shutdown.timeoutMs)

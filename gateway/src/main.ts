import { readFileSync } from 'node:fs'
import type { Principal } from '@redress/shared/access.ts'
import { configOrExit } from '@redress/shared/config.ts'
import { createInternalTokenSigner } from '@redress/shared/internal-token.ts'
import { announceReady, endWithOneLine, exitAfter, untilStopped } from '@redress/shared/lifecycle.ts'
import { createLogger } from '@redress/shared/logger.ts'
import { readVerificationKeys } from './access/key-files.ts'
import { createTokenVerifier } from './access/verify-token.ts'
import { readConfig } from './config.ts'
import { createSubgraphs, isSubgraphReady } from './execution/subgraphs.ts'
import { createGraphqlRoute } from './http/graphql-route.ts'
import { createPlaygroundRoute } from './http/playground/playground-route.ts'
import { serveGateway } from './http/serve-gateway.ts'
import { createGraph } from './operations/graph.ts'
import { createOperations } from './operations/run-operation.ts'

/** Who asks where nobody is asked who they are. */
const EVERYBODY: Principal = { id: 'anybody', roles: ['admin'], customerId: null }

const config = configOrExit(readConfig)
const logger = createLogger('gateway', config.log)

// Closed in reverse order when this module ends, whether it ends well or not.
await using resources = new AsyncDisposableStack()

// What we talk to.
const subgraphs = createSubgraphs({
  services: config.subgraphs,
  timeoutMs: config.subgraphTimeoutMs,
  signToken: config.internalPrivateKey === null ? null : createInternalTokenSigner(config.internalPrivateKey),
  logger,
  onCall: () => {},
  onBreaker: () => {},
})
resources.defer(() => subgraphs.close())

// What we do.
const graph = createGraph(readFileSync(config.supergraphFile, 'utf8'), subgraphs.sourceOf)
const operations = createOperations({ graph, introspection: config.introspection, logger })
const verifyToken = config.auth
  ? createTokenVerifier({ keys: readVerificationKeys(config.jwt.keyFile!), ...config.jwt })
  : async () => EVERYBODY

// What talks to us.
const gateway = await serveGateway({
  graphql: createGraphqlRoute({ operations, verifyToken }),
  playground: config.playground && createPlaygroundRoute(config.playground),
  checks: Object.fromEntries(
    subgraphs.all().map((subgraph) => [subgraph.name, () => isSubgraphReady(subgraph, config.health.timeoutMs)]),
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

import { readFileSync } from 'node:fs'
import { createInternalTokenSigner } from '@redress/shared/access/internal-token.ts'
import { UnauthenticatedError } from '@redress/shared/errors.ts'
import type { HttpServer } from '@redress/shared/process/http.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { openRedis } from '@redress/shared/stores/redis.ts'
import { createMetrics } from '@redress/shared/telemetry/metrics.ts'
import { startTelemetry } from '@redress/shared/telemetry/telemetry.ts'
import { admit } from './access/admit.ts'
import { createAuthenticator } from './access/authenticate.ts'
import type { CallerSource } from './access/caller.ts'
import { createLocalCounters, createRedisCounters, createSteadyCounters } from './access/counters.ts'
import { createFailedAttempts } from './access/failed-attempts.ts'
import { createFindApiKey } from './access/find-api-key.ts'
import { readVerificationKeys } from './access/key-files.ts'
import { isAllowedOrigin } from './access/origins.ts'
import { createRateLimiter } from './access/rate-limit.ts'
import { createRemoteKeys } from './access/remote-keys.ts'
import { createApiKeyCallers } from './access/verify-api-key.ts'
import { createTokenCallers } from './access/verify-token.ts'
import type { GatewayConfig } from './config.ts'
import { createSubgraphs, isSubgraphReady } from './execution/subgraphs/subgraphs.ts'
import { createGraphqlRoute } from './http/graphql-route.ts'
import { createPlaygroundRoute } from './http/playground/playground-route.ts'
import { clientIpOf } from './http/request-facts.ts'
import { serveGateway } from './http/serve-gateway.ts'
import { createGatewayMetrics } from './observability/gateway-metrics.ts'
import { createGraph } from './operations/graph.ts'
import { createLocalRoot } from './operations/local-root.ts'
import { createPersistedDocuments, readTrustedDocuments } from './operations/persisted-documents.ts'
import { createOperations } from './operations/run-operation.ts'
import { watchGraphFile } from './operations/watch-graph.ts'
import { openSubscriptions } from './subscriptions/open-subscriptions.ts'

/** Puts the gateway together and opens its doors. Closing lets running requests end. @throws PortInUseError */
export async function startGateway(config: GatewayConfig, logger: Logger): Promise<HttpServer> {
  // Closed in reverse order, also where a later step of the start fails.
  await using starting = new AsyncDisposableStack()

  // What tells how we are doing.
  const telemetry = await startTelemetry('gateway', { ...config.telemetry, logger })
  starting.defer(() => telemetry.stop())
  const metrics = createMetrics(config.metrics)
  const counted = createGatewayMetrics(metrics.registry)

  // What we talk to.
  const signToken = config.internalPrivateKey === null ? null : createInternalTokenSigner(config.internalPrivateKey)
  const subgraphs = createSubgraphs({
    services: config.subgraphs,
    timeoutMs: config.subgraphTimeoutMs,
    breaker: config.breaker,
    signToken,
    logger,
    telemetry,
    onCall: counted.subgraphCalled,
    onBreaker: counted.breakerState,
  })
  starting.defer(() => subgraphs.close())
  const cache = config.redis.cacheUrl === null ? null : openRedis(config.redis.cacheUrl, { name: 'gateway', logger })
  starting.defer(() => cache?.destroy())

  // What there is to ask for.
  const local = createLocalRoot({
    subgraphs,
    isReady: (subgraph) => isSubgraphReady(subgraph, config.health.timeoutMs),
  })
  const readGraph = () =>
    createGraph(readFileSync(config.supergraphFile, 'utf8'), { sourceOf: subgraphs.sourceOf, local })
  const graph = readGraph()

  // Who may, and how much.
  const counters = cache
    ? createSteadyCounters({ shared: createRedisCounters(cache), logger, onChange: counted.rateLimiterDegraded })
    : createLocalCounters()
  const audit = subgraphs.find('audit')
  const authenticate = createAuthenticator({
    verifyToken: config.auth ? createTokenCallers({ keys: keysOf(config), ...config.jwt }) : NOBODY,
    verifyApiKey:
      audit && signToken
        ? createApiKeyCallers({
            findApiKey: createFindApiKey({ audit, signToken, timeoutMs: config.health.timeoutMs }),
          })
        : NOBODY,
    required: config.auth,
    failedAttempts: createFailedAttempts({ counters }),
  })
  const limiter = createRateLimiter({ counters, general: config.rateLimit })

  // What we do.
  const operations = createOperations({
    graph,
    introspection: config.introspection,
    ...(config.auth && { admit: (caller, group) => admit(limiter, caller, group) }),
    presets: config.presets,
    onCost: counted.costObserved,
    persisted: createPersistedDocuments({
      trusted: config.trusted.manifest === null ? new Map() : readTrustedDocuments(config.trusted.manifest),
      trustedOnly: config.trusted.only,
    }),
    onLookup: counted.documentCache,
    logger,
  })

  // What talks to us.
  const events = config.redis.eventsUrl === null ? null : openRedis(config.redis.eventsUrl, { name: 'events', logger })
  starting.defer(() => events?.destroy())
  const timeoutMs = config.requestTimeoutMs
  const live =
    events &&
    openSubscriptions({
      redis: events,
      operations,
      authenticate,
      limiter,
      limits: {
        subscriptionsPerPrincipalMax: config.subscriptions.perPrincipalMax,
        subscriptionsPerProcessMax: config.subscriptions.perProcessMax,
      },
      timeoutMs,
      isAllowedOrigin: (origin, host) => isAllowedOrigin(config.origins, { origin, host }),
      clientIpOf: (request) => clientIpOf(request, config.trustProxy),
      metrics: counted,
      logger,
    })
  starting.defer(() => live?.close())
  const replaceGraph = () => {
    try {
      operations.replaceGraph(readGraph())
      logger.info('the supergraph has changed, and is in force')
      live?.refresh().catch((err: unknown) => logger.error({ err }, 'subscriptions not refreshed'))
    } catch (err) {
      logger.error({ err }, 'the supergraph has changed and cannot be used; the one before stays in force')
    }
  }
  starting.use(watchGraphFile(config.supergraphFile, replaceGraph))
  const server = await serveGateway({
    graphql: createGraphqlRoute({ operations, authenticate, limiter, timeoutMs, telemetry }),
    live,
    playground: config.playground && createPlaygroundRoute(config.playground),
    metrics,
    details: () => ({
      breakers: Object.fromEntries(subgraphs.all().map(({ name, breaker }) => [name, breaker.state()])),
    }),
    onOperation({ operationName, operationType, codes, isRefused }, durationMs) {
      const [code = null] = codes
      if (isRefused && code !== null) counted.refused(code)
      counted.requestFinished({ operationName, operationType, code, durationMs })
    },
    checks: Object.fromEntries(
      subgraphs.all().map((subgraph) => [subgraph.name, () => isSubgraphReady(subgraph, config.health.timeoutMs)]),
    ),
    origins: config.origins,
    trustProxy: config.trustProxy,
    port: config.port,
    host: config.host,
    logger,
  })
  const running = starting.move()
  return {
    url: server.url,
    async close() {
      const closing = server.close()
      await live?.close()
      await closing
      await running.disposeAsync()
    },
  }
}

/** Where there is nothing to verify credentials with, none are good. */
const NOBODY: CallerSource = {
  findKnown: () => null,
  verify: () => Promise.reject(new UnauthenticatedError('These credentials are not accepted here.')),
}

function keysOf({ jwt }: GatewayConfig) {
  return jwt.keysUrl === null ? readVerificationKeys(jwt.keyFile!) : createRemoteKeys(jwt.keysUrl)
}

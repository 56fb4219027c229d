import { createInternalTokenSigner, type SignInternalToken } from '@redress/shared/access/internal-token.ts'
import type { HttpServer } from '@redress/shared/process/http.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { openRedis } from '@redress/shared/stores/redis.ts'
import { createMetrics, type Metrics } from '@redress/shared/telemetry/metrics.ts'
import { startTelemetry, type Telemetry } from '@redress/shared/telemetry/telemetry.ts'
import type { PostToAudit } from './access/ask-audit.ts'
import { type Guards, openGuards } from './access/guards/open-guards.ts'
import { isAllowedOrigin } from './access/guards/origins.ts'
import { type Access, type AccessOptions, openAccess } from './access/open-access.ts'
import type { GatewayConfig } from './config.ts'
import { openPlanPool, type PlanPool } from './execution/planning/plan-pool.ts'
import { postOperation } from './execution/subgraphs/subgraph.ts'
import { createSubgraphs, isSubgraphReady, type Subgraphs } from './execution/subgraphs/subgraphs.ts'
import { createDownloadRoute } from './http/download-route.ts'
import { createGraphqlRoute } from './http/graphql-route.ts'
import { openIntake } from './http/intake/open-intake.ts'
import { createPlaygroundRoute } from './http/playground/playground-route.ts'
import { closingAll, serveGateway } from './http/serve-gateway.ts'
import { createGatewayMetrics, type GatewayMetrics } from './observability/gateway-metrics.ts'
import { serveMetrics } from './observability/serve-metrics.ts'
import type { Graph } from './operations/graph.ts'
import type { IsReady } from './operations/local-root.ts'
import { openOperations } from './operations/open-operations.ts'
import { openSchema } from './operations/open-schema.ts'
import type { Operations } from './operations/run-operation.ts'
import { openSubscriptions, type StreamingTransports } from './subscriptions/open-subscriptions.ts'

/** The parts that all others of the gateway are built with. */
type Base = Readonly<{
  config: GatewayConfig
  telemetry: Telemetry
  metrics: Metrics
  counted: GatewayMetrics
  signToken: SignInternalToken | null
  guards: Guards
  logger: Logger
}>

/** The gateway's server, and the address of the metrics that are served without a token; null without. */
export type RunningGateway = HttpServer & Readonly<{ metricsUrl: string | null }>

/**
 * Builds the gateway and starts its server. Closing lets running requests end. A pool of planning threads that is given
 * may serve several gateways, and is closed by its owner.
 * @throws PortInUseError
 */
export async function startGateway(config: GatewayConfig, logger: Logger, plans?: PlanPool): Promise<RunningGateway> {
  // Closed in reverse order, also if a later step of the start fails.
  await using starting = new AsyncDisposableStack()

  const telemetry = await startTelemetry('gateway', { ...config.telemetry, logger })
  starting.defer(() => telemetry.stop())
  const base = createBase(config, telemetry, logger)

  // Stores and clients.
  const subgraphs = openSubgraphs(base)
  starting.defer(() => subgraphs.close())
  const { cacheUrl, eventsUrl } = config.redis
  const cache = cacheUrl === null ? null : openRedis(cacheUrl, { name: 'gateway', logger })
  starting.defer(() => cache?.destroy())
  const events = eventsUrl === null ? null : openRedis(eventsUrl, { name: 'events', logger })
  starting.defer(() => events?.destroy())

  // Access, schema and subscriptions.
  const isReady: IsReady = (subgraph) => isSubgraphReady(subgraph, config.health.timeoutMs)
  const { openPlanner } = plans ?? starting.adopt(openPlanPool(), (own) => own.close())
  const schema = await openSchema({ file: config.supergraphFile, subgraphs, isReady, openPlanner, logger })
  const audit = subgraphs.find('audit')
  const postToAudit: PostToAudit | null = audit && ((request) => postOperation(audit, request))
  const access = openAccess(accessOptions(base, { cache, postToAudit }))
  starting.defer(() => access.close())
  const { operations, warming } = openOperations({ ...base, ...access, graph: schema.graph, cache })
  starting.defer(() => warming.close())

  // Inbound: HTTP and WebSocket.
  const live = events && openSubscriptions(subscriptionsOptions(base, { redis: events, operations, access }))
  starting.defer(() => live?.close())
  starting.use(schema.watch((graph) => replaceGraph(graph, { operations, live, logger })))
  const { metricsPort } = config
  const metricsServer = metricsPort === null ? null : await serveMetrics(base.metrics, metricsPort)
  starting.defer(() => metricsServer?.close())
  const server = await serve(base, { subgraphs, isReady, access, operations, live })
  return { ...closingAll(server, live, starting.move()), metricsUrl: metricsServer?.url ?? null }
}

function createBase(config: GatewayConfig, telemetry: Telemetry, logger: Logger): Base {
  const { internalPrivateKey } = config
  const metrics = createMetrics(config.metrics)
  const counted = createGatewayMetrics(metrics.registry)
  const signToken = internalPrivateKey === null ? null : createInternalTokenSigner(internalPrivateKey)
  return { config, telemetry, metrics, counted, signToken, guards: openGuards(config), logger }
}

function openSubgraphs({ config, counted, ...base }: Base): Subgraphs {
  return createSubgraphs({
    ...base,
    services: config.subgraphs,
    timeoutMs: config.subgraphTimeoutMs,
    breaker: config.breaker,
    onCall: counted.subgraphCalled,
    onBreaker: counted.breakerState,
  })
}

function accessOptions(
  { config, counted, signToken, guards, logger }: Base,
  stores: Pick<AccessOptions, 'cache' | 'postToAudit'>,
): AccessOptions {
  const { auth, jwt, rateLimit, health } = config
  const { rateLimiterDegraded: onDegraded } = counted
  return {
    auth,
    jwt,
    rateLimit,
    ...guards,
    ...stores,
    signToken,
    auditTimeoutMs: health.timeoutMs,
    onDegraded,
    logger,
  }
}

type SubscriptionsOptions = Parameters<typeof openSubscriptions>[0]

function subscriptionsOptions(
  { config, counted, guards, logger }: Base,
  { access, ...given }: Pick<SubscriptionsOptions, 'redis' | 'operations'> & Readonly<{ access: Access }>,
): SubscriptionsOptions {
  const { perPrincipalMax, perProcessMax, socketsPerAddressMax } = config.subscriptions
  return {
    ...given,
    ...access,
    ...guards,
    limits: {
      subscriptionsPerPrincipalMax: perPrincipalMax,
      subscriptionsPerProcessMax: perProcessMax,
      socketsPerAddressMax,
    },
    timeoutMs: config.requestTimeoutMs,
    isAllowedOrigin: (origin, host) => isAllowedOrigin(config.origins, { origin, host }),
    metrics: counted,
    logger,
  }
}

type Graphed = Readonly<{ operations: Operations; live: StreamingTransports | null; logger: Logger }>

function replaceGraph(graph: Graph, { operations, live, logger }: Graphed): void {
  operations.replaceGraph(graph)
  live?.refresh().catch((err: unknown) => logger.error({ err }, 'subscriptions not refreshed'))
}

type Parts = Readonly<{
  subgraphs: Subgraphs
  isReady: IsReady
  access: Access
  operations: Operations
  live: StreamingTransports | null
}>

async function serve(base: Base, { subgraphs, isReady, access, operations, live }: Parts): Promise<HttpServer> {
  const { config, telemetry, metrics, counted, guards, logger } = base
  const { origins, port, host, requestTimeoutMs: timeoutMs } = config
  const breakers = () => Object.fromEntries(subgraphs.all().map(({ name, breaker }) => [name, breaker.state()]))
  return serveGateway({
    graphql: createGraphqlRoute({ operations, ...access, timeoutMs, telemetry }),
    live,
    downloads: openDownloads(base),
    intake: await openIntake({
      ...config.intake,
      ...{ serviceUrl: config.subgraphs.issues, signToken: base.signToken, timeoutMs, access },
      registry: metrics.registry,
    }),
    playground: config.playground ? createPlaygroundRoute(guards.devSessions) : null,
    ...guards,
    metrics: config.metrics.token === null ? null : metrics,
    details: () => ({ breakers: breakers() }),
    onOperation: counted.operationFinished,
    checks: Object.fromEntries(subgraphs.all().map((subgraph) => [subgraph.name, () => isReady(subgraph)])),
    origins,
    port,
    host,
    logger,
  })
}

/** Null where callers and services are not Redress's own. */
function openDownloads({ config, signToken, logger }: Base) {
  const { decisions: serviceUrl } = config.subgraphs
  if (serviceUrl === undefined || signToken === null) return null
  return createDownloadRoute({ serviceUrl, signToken, timeoutMs: config.requestTimeoutMs, logger })
}

import { createInternalTokenVerifier } from '../access/internal-token.ts'
import { createHealth } from '../process/health.ts'
import { answerCode, startHttpServer } from '../process/http.ts'
import { announceReady, endWithOneLine, exitAfter, untilStopped } from '../process/lifecycle.ts'
import { type SubgraphOptions, serveSubgraph } from '../subgraph/serve-subgraph.ts'
import type { Service } from './open-service.ts'

type Subgraph<Loaders> = Pick<SubgraphOptions<Loaders>, 'schemaFile' | 'resolvers' | 'createLoaders' | 'routes'> &
  Readonly<{ internalPublicKey: string }>

/** Serves the subgraph of a service. Resolves when the process is asked to stop; the caller then closes the service. */
export async function serveUntilStopped<Loaders>(
  service: Service,
  { internalPublicKey, ...subgraph }: Subgraph<Loaders>,
): Promise<void> {
  const { name, checks, optionalChecks, logger, metrics, telemetry, config, resources } = service
  const verifyToken = createInternalTokenVerifier(internalPublicKey)
  const { port, host } = config
  const server = await serveSubgraph({
    ...{ name, checks, optionalChecks, port, host, logger, metrics, telemetry, verifyToken },
    ...subgraph,
  }).catch(endWithOneLine)
  resources.defer(() => server.close())
  await runUntilStopped(service, server.url)
}

/** The same for a process without an API: it answers health checks and shows its metrics. */
export async function serveHealthUntilStopped(service: Service): Promise<void> {
  const { name, checks, optionalChecks, metrics, config, resources } = service
  const health = createHealth(name, checks, { optionalChecks })
  const server = await startHttpServer((request, response) => {
    if (health.answer(request, response) || metrics.answer(request, response)) return
    answerCode(response, 404, 'NOT_FOUND')
  }, config).catch(endWithOneLine)
  resources.defer(() => server.close())
  resources.defer(health.drain)
  await runUntilStopped(service, server.url)
}

async function runUntilStopped({ logger, config }: Service, url: string): Promise<void> {
  logger.info({ url }, 'ready')
  announceReady(url)
  logger.info({ signal: await untilStopped() }, 'stopping')
  exitAfter(config.shutdown.timeoutMs)
}

import { Pool } from 'undici'
import { ANSWER_BYTES_MAX } from './decode-body.ts'

/** Each call uses a connection of its own; calls beyond this number wait for one, within their deadline. */
const CONNECTIONS_MAX = 128
/** Shorter than the subgraphs keep theirs, so that the gateway never writes into a connection that is being closed. */
const KEEP_ALIVE_MS = 30_000

/** The address of a subgraph, with the connections to it. `readyPath` is null for a subgraph that is not ours. */
export type Subgraph = Readonly<{ name: string; pool: Pool; graphqlPath: string; readyPath: string | null }>

/**
 * Opens connections to a subgraph when they are first needed.
 * @param url the address in the supergraph.
 * @param service the base URL of a service of Redress, which takes precedence.
 */
export function openSubgraph(name: string, url: string, service: string | undefined): Subgraph {
  if (service === undefined) {
    const { origin, pathname, search } = new URL(url)
    return { name, pool: createPool(origin), graphqlPath: pathname + search, readyPath: null }
  }
  const { origin, pathname } = new URL(service)
  const base = pathname.replace(/\/+$/, '')
  return { name, pool: createPool(origin), graphqlPath: `${base}/graphql`, readyPath: `${base}/health/ready` }
}

/** Whether a subgraph reports within `timeoutMs` that it is ready; null for one without readiness check. */
export async function readReadiness({ pool, readyPath }: Subgraph, timeoutMs: number): Promise<boolean | null> {
  if (readyPath === null) return null
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const { statusCode, body } = await pool.request({ method: 'GET', path: readyPath, signal })
    await body.dump()
    return statusCode === 200
  } catch {
    return false
  }
}

function createPool(origin: string): Pool {
  return new Pool(origin, {
    connections: CONNECTIONS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxResponseSize: ANSWER_BYTES_MAX,
    // Each call has one deadline of its own over all its phases.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}

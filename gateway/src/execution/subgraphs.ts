import { Pool } from 'undici'

/** A call to a subgraph takes a connection of its own; more calls than this wait for one, within their deadline. */
const CONNECTIONS_MAX = 128
/** Shorter than the subgraphs keep theirs, so that the gateway never writes into a connection that is being closed. */
const KEEP_ALIVE_MS = 30_000
/** Ten times a full page of issues with long notes. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024

export type Subgraph = Readonly<{ name: string; pool: Pool; graphqlPath: string; readyPath: string }>

/** @param urls the address of each subgraph by name, without the path of its doors. */
export function createSubgraphs(urls: Readonly<Record<string, string>>): readonly Subgraph[] {
  return Object.entries(urls).map(([name, url]) => {
    const { origin, pathname } = new URL(url)
    const base = pathname.replace(/\/+$/, '')
    return { name, pool: createPool(origin), graphqlPath: `${base}/graphql`, readyPath: `${base}/health/ready` }
  })
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

export async function closeSubgraphs(subgraphs: readonly Subgraph[]): Promise<void> {
  await Promise.all(subgraphs.map(({ pool }) => pool.destroy()))
}

/** Whether a subgraph says within `timeoutMs` that it can serve. */
export async function isSubgraphReady({ pool, readyPath }: Subgraph, timeoutMs: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const { statusCode, body } = await pool.request({ method: 'GET', path: readyPath, signal })
    await body.dump()
    return statusCode === 200
  } catch {
    return false
  }
}

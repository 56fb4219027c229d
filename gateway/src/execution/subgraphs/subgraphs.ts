import { type CallOptions, createSubgraphCaller, type SubgraphCaller } from './call-subgraph.ts'
import { openSubgraph, type Subgraph } from './subgraph.ts'
import type { SubgraphSource } from './subgraph-source.ts'

export type Subgraphs = Readonly<{
  /** How to ask the subgraph `name`; `url` is where its supergraph says that it is. */
  sourceOf: (name: string, url: string) => SubgraphSource
  all: () => readonly (Subgraph & SubgraphCaller)[]
  find: (name: string) => Subgraph | null
  close: () => Promise<void>
}>

export type SubgraphsOptions = CallOptions &
  Readonly<{
    /** Services of Redress, by name, without the path of their doors: they stand above what a supergraph says. */
    services: Readonly<Record<string, string | undefined>>
  }>

/** The subgraphs that the gateway talks to, each with its connections and its breaker, whichever supergraph is in force. */
export function createSubgraphs(options: SubgraphsOptions): Subgraphs {
  const known = new Map<string, Subgraph & SubgraphCaller>()
  const open = (name: string, url: string) => {
    const subgraph = openSubgraph(name, url, options.services[name])
    const opened = { ...subgraph, ...createSubgraphCaller(subgraph, options) }
    known.set(`${name} ${url}`, opened)
    return opened
  }
  return {
    sourceOf: (name, url) => (known.get(`${name} ${url}`) ?? open(name, url)).call,
    all: () => [...known.values()],
    find: (name) => [...known.values()].find((subgraph) => subgraph.name === name) ?? null,
    async close() {
      for (const { breaker } of known.values()) breaker.close()
      await Promise.all([...known.values()].map(({ pool }) => pool.destroy()))
    },
  }
}

/** Whether a subgraph says within `timeoutMs` that it can serve; one that cannot be asked is judged by its breaker. */
export async function isSubgraphReady(
  { pool, readyPath, breaker }: Subgraph & SubgraphCaller,
  timeoutMs: number,
): Promise<boolean> {
  if (readyPath === null) return breaker.state() !== 'open'
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const { statusCode, body } = await pool.request({ method: 'GET', path: readyPath, signal })
    await body.dump()
    return statusCode === 200
  } catch {
    return false
  }
}

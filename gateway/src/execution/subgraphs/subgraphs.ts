import { type CallOptions, createSubgraphCaller, type SubgraphCaller } from './call-subgraph.ts'
import { openSubgraph, readReadiness, type Subgraph } from './subgraph.ts'
import type { SubgraphSource } from './subgraph-source.ts'

export type Subgraphs = Readonly<{
  /** How to call the subgraph `name`; `url` is its address in the supergraph. */
  sourceOf: (name: string, url: string) => SubgraphSource
  all: () => readonly (Subgraph & SubgraphCaller)[]
  find: (name: string) => Subgraph | null
  close: () => Promise<void>
}>

export type SubgraphsOptions = Omit<CallOptions, 'writes'> &
  Readonly<{
    /** Base URLs of Redress's services by name; they take precedence over the addresses in the supergraph. */
    services: Readonly<Record<string, string | undefined>>
  }>

/** The subgraphs, each with its connections and its breaker, which outlive a change of the supergraph. */
export function createSubgraphs(options: SubgraphsOptions): Subgraphs {
  const known = new Map<string, Subgraph & SubgraphCaller>()
  const writes = { ended: 0 }
  const open = (name: string, url: string) => {
    const subgraph = openSubgraph(name, url, options.services[name])
    const opened = { ...subgraph, ...createSubgraphCaller(subgraph, { ...options, writes }) }
    known.set(`${name} ${url}`, opened)
    return opened
  }
  return {
    sourceOf: (name, url) => (known.get(`${name} ${url}`) ?? open(name, url)).call,
    all: () => [...known.values()],
    find: (name) => [...known.values()].find((subgraph) => subgraph.name === name) ?? null,
    async close() {
      for (const { close, pool } of known.values()) {
        close()
        pool.close()
      }
    },
  }
}

/** Whether a subgraph reports within `timeoutMs` that it is ready; one without readiness check, if its breaker is not open. */
export async function isSubgraphReady(subgraph: Subgraph & SubgraphCaller, timeoutMs: number): Promise<boolean> {
  return (await readReadiness(subgraph, timeoutMs)) ?? subgraph.breaker.state() !== 'open'
}

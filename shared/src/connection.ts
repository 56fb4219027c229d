/** Arguments of a Relay connection. */
export type PageArguments = Readonly<{
  first?: number | null | undefined
  after?: string | null | undefined
  last?: number | null | undefined
  before?: string | null | undefined
}>

/** A page of a Relay connection. */
export type Connection<T> = Readonly<{
  nodes: readonly T[]
  edges: readonly { cursor: string; node: T }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
  /** Counts when asked. */
  totalCount: () => Promise<number>
}>

/** Creates one loader for each page that a request asks for, so that rows of equal pages are read together. */
export function perPage<Loader>(createLoader: (page: PageArguments) => Loader): (page: PageArguments) => Loader {
  const loaders = new Map<string, Loader>()
  return ({ first, after, last, before }) => {
    const name = JSON.stringify([first, after, last, before])
    const loader = loaders.get(name) ?? createLoader({ first, after, last, before })
    loaders.set(name, loader)
    return loader
  }
}

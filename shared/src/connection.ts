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

/** Creates one loader for each set of arguments that a request gives to a list, so that rows of equal pages are read together. */
export function perPage<Loader, Page extends PageArguments = PageArguments>(
  createLoader: (page: Page) => Loader,
): (page: Page) => Loader {
  const loaders = new Map<string, Loader>()
  return (page) => {
    const name = JSON.stringify(Object.entries(page).sort(([a], [b]) => (a < b ? -1 : 1)))
    const loader = loaders.get(name) ?? createLoader(page)
    loaders.set(name, loader)
    return loader
  }
}

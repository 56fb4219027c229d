/** Arguments of a Relay connection. */
export type PageArguments = Readonly<{
  first?: number | null
  after?: string | null
  last?: number | null
  before?: string | null
}>

/** A page of a Relay connection. */
export type Connection<T> = Readonly<{
  nodes: readonly T[]
  edges: readonly { cursor: string; node: T }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
  /** Counts when asked. */
  totalCount: () => Promise<number>
}>

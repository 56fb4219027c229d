import type { GraphQLFormattedError } from 'graphql'
import type { Row } from '../json.ts'
import type { OperationContext } from '../operation-context.ts'

/** The part of an operation that goes to one subgraph; the same object each time the plan runs. */
export type FetchRequest = Readonly<{
  service: string
  query: string
  operationName: string | null
  /** The body up to where the variables begin. */
  bodyHead: string
  /** A mutation is sent once, whatever happens. */
  isRead: boolean
}>

export type SubgraphAnswer = Readonly<{
  data: Row | null
  errors: readonly GraphQLFormattedError[]
  /** Whether it came as JSON without a backslash: then no string in it holds anything that JSON would escape. */
  isPlain: boolean
}>

/**
 * Sends a request to one subgraph.
 * @param variables JSON.
 * @throws whatever kept the subgraph from answering in GraphQL's form.
 */
export type SubgraphSource = (
  request: FetchRequest,
  variables: string,
  context: OperationContext,
) => Promise<SubgraphAnswer>

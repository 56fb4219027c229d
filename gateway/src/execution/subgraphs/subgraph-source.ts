import type { GraphQLFormattedError } from 'graphql'
import type { LosesDigits } from '../answers/lost-digits.ts'
import type { Row } from '../json.ts'
import type { OperationContext } from '../operation-context.ts'

/** One fetch of a plan; the same object each time the plan runs. */
export type FetchRequest = Readonly<{
  service: string
  query: string
  operationName: string | null
  /** The body up to the variables, and its length in UTF-8. */
  bodyHead: string
  bodyHeadBytes: number
  /** False for a mutation, which is never sent twice. */
  isRead: boolean
  losesDigits: LosesDigits
}>

export type SubgraphAnswer = Readonly<{
  data: Row | null
  errors: readonly GraphQLFormattedError[]
  /** Whether its JSON has no backslash, so that no string in it needs escapes. */
  isPlain: boolean
}>

/**
 * Sends a request to one subgraph.
 * @param variables JSON.
 * @throws if the subgraph does not answer in GraphQL's form.
 */
export type SubgraphSource = (
  request: FetchRequest,
  variables: string,
  context: OperationContext,
) => Promise<SubgraphAnswer>

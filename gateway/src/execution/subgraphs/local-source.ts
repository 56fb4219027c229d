import { type DocumentNode, execute, type GraphQLSchema, parse } from 'graphql'
import type { Row } from '../json.ts'
import type { OperationContext } from '../operation-context.ts'
import type { FetchRequest, SubgraphSource } from './subgraph-source.ts'

/** What the root fields of the local subgraph resolve to; a function is called when its field is asked for. */
export type LocalRoot = (context: OperationContext) => Row

/** Answers for a subgraph in this process. Each request of a plan is parsed once. */
export function createLocalSource(schema: GraphQLSchema, rootOf: LocalRoot): SubgraphSource {
  const documents = new WeakMap<FetchRequest, DocumentNode>()
  return async (request, variables, context) => {
    const document = documents.get(request) ?? parse(request.query, { noLocation: true })
    documents.set(request, document)
    const { data, errors = [] } = await execute({
      schema,
      document,
      rootValue: rootOf(context),
      variableValues: JSON.parse(variables),
    })
    // What graphql-js gives has no prototype, and may be shared with others: the run gets rows of its own.
    return {
      data: data ? JSON.parse(JSON.stringify(data)) : null,
      errors: errors.map((error) => error.toJSON()),
      isPlain: false,
    }
  }
}

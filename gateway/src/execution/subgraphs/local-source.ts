import { type DocumentNode, execute, type GraphQLSchema, parse } from 'graphql'
import type { Row } from '../json.ts'
import type { OperationContext } from '../operation-context.ts'
import type { FetchRequest, SubgraphSource } from './subgraph-source.ts'

/** The values of the local subgraph's root fields; a function is called if its field is selected. */
export type LocalRoot = (context: OperationContext) => Row

/** A subgraph in this process. Each request of a plan is parsed once. */
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
    // Results of graphql-js have no prototype and may be shared; the run modifies its rows, so it gets copies.
    return {
      data: data ? JSON.parse(JSON.stringify(data)) : null,
      errors: errors.map((error) => error.toJSON()),
      isPlain: false,
    }
  }
}

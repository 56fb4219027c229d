import { type DocumentNode, type GraphQLError, type GraphQLSchema, validate } from 'graphql'

const ERRORS_MAX = 10

/** What the schema has against a document, at most ten findings. */
export function validateDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  { hideSuggestions }: { hideSuggestions: boolean },
): readonly GraphQLError[] {
  return validate(schema, document, undefined, { maxErrors: ERRORS_MAX, hideSuggestions })
}

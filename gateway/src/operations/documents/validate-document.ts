import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  OverlappingFieldsCanBeMergedRule,
  specifiedRules,
  validate,
} from 'graphql'
import { findFieldConflicts } from './field-conflicts.ts'

const ERRORS_MAX = 10
const RULES = specifiedRules.filter((rule) => rule !== OverlappingFieldsCanBeMergedRule)

type Options = Readonly<{
  /** Whether a wrong name must not be answered with the right ones. */
  hideSuggestions?: boolean
}>

/**
 * What is wrong with a document, at most ten things. Whether its fields can be merged is looked at last, and in our own
 * way: the rule of graphql-js compares each field with each other, and gives up after a third of a second.
 */
export function validateDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  { hideSuggestions = false }: Options = {},
): readonly GraphQLError[] {
  const errors = validate(schema, document, RULES, { maxErrors: ERRORS_MAX, hideSuggestions }).slice(0, ERRORS_MAX)
  return errors.length > 0 ? errors : findFieldConflicts(schema, document).slice(0, ERRORS_MAX)
}

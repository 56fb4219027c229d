import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  OverlappingFieldsCanBeMergedRule,
  specifiedRules,
  validate,
} from 'graphql'
import { findFieldConflicts } from './field-conflicts.ts'
import { refuseIncremental } from './refuse-incremental.ts'

const ERRORS_MAX = 10
const RULES = [refuseIncremental, ...specifiedRules.filter((rule) => rule !== OverlappingFieldsCanBeMergedRule)]

type Options = Readonly<{
  /** Whether errors must not suggest names of the schema. */
  hideSuggestions?: boolean
}>

/**
 * The errors of a document, at most ten. Whether fields can be merged is checked last and by our own rule: that of
 * graphql-js compares every pair of fields and gives up after a third of a second.
 */
export function validateDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  { hideSuggestions = false }: Options = {},
): readonly GraphQLError[] {
  const errors = validate(schema, document, RULES, { maxErrors: ERRORS_MAX, hideSuggestions }).slice(0, ERRORS_MAX)
  return errors.length > 0 ? errors : findFieldConflicts(schema, document).slice(0, ERRORS_MAX)
}

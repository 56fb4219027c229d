import type { ErrorCode } from '@redress/shared/error-codes.ts'
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLFormattedError,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  visit,
} from 'graphql'
import { codedError } from '../../execution/coded-error.ts'
import { LIMITS } from '../limits/limits.ts'
import { RefusedOperationError, refusal } from '../refusal.ts'

/** The planner passes the keys of entities as `$representations`. */
const RESERVED_VARIABLE = 'representations'

/** @throws RefusedOperationError if the text is not GraphQL, or defines the variable that the planner needs. */
export function parseDocument(text: string): DocumentNode {
  const document = parseText(text)
  if (!document.definitions.some(definesReservedVariable)) return document
  const message = `A variable cannot be named "${RESERVED_VARIABLE}".`
  throw refusal('GRAPHQL_VALIDATION_FAILED', message)
}

function parseText(text: string): DocumentNode {
  try {
    return parse(text, { maxTokens: LIMITS.tokens })
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    throw new RefusedOperationError([withCode(error, 'GRAPHQL_PARSE_FAILED')])
  }
}

function definesReservedVariable(definition: DocumentNode['definitions'][number]): boolean {
  if (definition.kind !== Kind.OPERATION_DEFINITION) return false
  return definition.variableDefinitions?.some(({ variable }) => variable.name.value === RESERVED_VARIABLE) ?? false
}

/** The operation with this name, or the only one. @throws RefusedOperationError */
export function findOperation({ definitions }: DocumentNode, name: string | null): OperationDefinitionNode {
  const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const found = name === null ? operations : operations.filter((operation) => operation.name?.value === name)
  const [operation] = found
  // Several of one name are an error that validation reports.
  if (operation !== undefined && (found.length === 1 || name !== null)) return operation
  const message =
    operations.length === 0
      ? 'The document has no operation.'
      : name === null
        ? 'The document has several operations: say which one by `operationName`.'
        : `The document has no operation named "${name}".`
  throw refusal('OPERATION_RESOLUTION_FAILURE', message)
}

/** Whether a document has `__schema` or `__type` anywhere. */
export function isIntrospection(document: DocumentNode): boolean {
  let found = false
  visit(document, {
    Field({ name }) {
      found ||= name.value === '__schema' || name.value === '__type'
    },
  })
  return found
}

/** The names of the fields at the root of an operation, each once. */
export function rootFieldsOf(document: DocumentNode, { selectionSet }: OperationDefinitionNode): readonly string[] {
  const namesIn = ({ selections }: SelectionSetNode): string[] =>
    selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [selection.name.value]
      if (selection.kind === Kind.INLINE_FRAGMENT) return namesIn(selection.selectionSet)
      const fragment = document.definitions.find(
        (one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === selection.name.value,
      )
      return fragment?.kind === Kind.FRAGMENT_DEFINITION ? namesIn(fragment.selectionSet) : []
    })
  return [...new Set(namesIn(selectionSet))]
}

export function withCode(error: GraphQLError, code: ErrorCode): GraphQLFormattedError {
  const { message, locations } = error.toJSON()
  return { ...codedError(code, message), ...(locations && { locations }) }
}

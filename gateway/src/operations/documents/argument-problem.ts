import type { ErrorCode } from '@redress/shared/error-codes.ts'
import { type DocumentNode, type GraphQLError, type GraphQLFormattedError, Kind } from 'graphql'
import { type ArgumentPath, pathOfNode } from './argument-paths.ts'
import { withCode } from './parse-document.ts'

/** An error of validation, with the place of its value in the arguments if it is about one. */
export function toDocumentProblem(document: DocumentNode, error: GraphQLError): GraphQLFormattedError {
  const [node] = error.nodes ?? []
  const isOfValue = node !== undefined && (node.kind.endsWith('Value') || node.kind === Kind.OBJECT_FIELD)
  return toProblem(error, 'GRAPHQL_VALIDATION_FAILED', isOfValue ? pathOfNode(document, node) : null)
}

/** An error of the value of a variable, with the place where the variable is used. */
export function toVariableProblem(error: GraphQLError, path: ArgumentPath | null): GraphQLFormattedError {
  return toProblem(error, 'BAD_USER_INPUT', path)
}

/** Places are reported as by subgraphs: see BadUserInputError. */
function toProblem(error: GraphQLError, code: ErrorCode, path: ArgumentPath | null): GraphQLFormattedError {
  const coded = withCode(error, code)
  if (path === null) return coded
  const problems = [{ code, path, message: error.message }]
  return { ...coded, extensions: { ...coded.extensions, argumentPath: path, problems } }
}

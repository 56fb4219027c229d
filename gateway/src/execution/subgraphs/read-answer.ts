import type { GraphQLFormattedError } from 'graphql'
import { parseExact } from '../exact-json.ts'
import { isRow } from '../json.ts'
import type { SubgraphAnswer } from './subgraph-source.ts'

const NO_ERRORS: SubgraphAnswer['errors'] = []

/**
 * Parses the answer of a subgraph. A 400 in GraphQL's form is an answer too: a value was valid for the gateway but not for
 * the subgraph, which alone knows its scalars.
 * @throws if the answer is not GraphQL.
 */
export function readAnswer(status: number, text: string): SubgraphAnswer {
  if (status !== 200 && status !== 400) throw new Error(`Answered with status ${status}.`)
  const answer: unknown = parseExact(text)
  if (!isRow(answer)) throw new Error('Answered with something that is not GraphQL.')
  const { data = null, errors = null } = answer
  if (errors === null ? !isRow(data) : !isErrors(errors) || (data !== null && !isRow(data))) {
    throw new Error('Answered with something that is not GraphQL.')
  }
  return {
    data: data as SubgraphAnswer['data'],
    errors: (errors ?? NO_ERRORS) as SubgraphAnswer['errors'],
    isPlain: !text.includes('\\'),
  }
}

function isErrors(errors: unknown): errors is readonly GraphQLFormattedError[] {
  return Array.isArray(errors) && errors.length > 0 && errors.every(isError)
}

function isError(error: unknown): boolean {
  if (!isRow(error) || typeof error.message !== 'string') return false
  const { path, extensions } = error
  return (path === undefined || path === null || Array.isArray(path)) && (extensions == null || isRow(extensions))
}

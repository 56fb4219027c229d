import { parseExact } from '../execution/exact-json.ts'
import { isRow, type Row } from '../execution/json.ts'
import { BadRequestError } from './refusal.ts'

/** A request of GraphQL over HTTP. */
export type OperationRequest = Readonly<{
  query: string | null
  operationName: string | null
  variables: Row
  extensions: Row
}>

const NO_VARIABLES: Row = Object.freeze({})

/** @throws BadRequestError */
export function toOperationRequest(body: unknown): OperationRequest {
  if (Array.isArray(body)) throw new BadRequestError('Operations are taken one at a time, not in batches.')
  if (!isRow(body)) throw new BadRequestError('The body must be a JSON object with a `query`.')
  const { query, operationName, variables, extensions } = body
  if (query != null && typeof query !== 'string') throw new BadRequestError('`query` must be a string.')
  if (operationName != null && typeof operationName !== 'string') {
    throw new BadRequestError('`operationName` must be a string.')
  }
  if (variables != null && !isRow(variables)) throw new BadRequestError('`variables` must be an object.')
  if (extensions != null && !isRow(extensions)) throw new BadRequestError('`extensions` must be an object.')
  return {
    query: query ?? null,
    operationName: operationName || null,
    variables: variables ?? NO_VARIABLES,
    extensions: extensions ?? NO_VARIABLES,
  }
}

/**
 * Parses the JSON of a request. Only numbers of variables need their digits, and most requests have none.
 * @throws SyntaxError
 */
export function parseOperationRequest(text: string): unknown {
  const body: unknown = JSON.parse(text)
  const variables = isRow(body) ? body.variables : null
  return isRow(variables) && Object.values(variables).some(canHoldNumbers) ? parseExact(text) : body
}

const canHoldNumbers = (value: unknown) => typeof value === 'number' || (typeof value === 'object' && value !== null)

/** @param search the query string, `?` included. @throws BadRequestError */
export function readSearch(search: string): OperationRequest {
  if (!isPercentEncoded(search)) throw new BadRequestError('The query string must be UTF-8, percent-encoded.')
  const given = new URLSearchParams(search)
  return toOperationRequest({
    query: given.get('query'),
    operationName: given.get('operationName'),
    variables: parseParameter(given, 'variables'),
    extensions: parseParameter(given, 'extensions'),
  })
}

/** URLSearchParams would replace what it cannot decode. */
function isPercentEncoded(search: string): boolean {
  try {
    decodeURIComponent(search)
    return true
  } catch {
    return false
  }
}

function parseParameter(given: URLSearchParams, name: string): unknown {
  const text = given.get(name)
  if (text === null || text === '') return null
  try {
    return parseExact(text)
  } catch {
    throw new BadRequestError(`\`${name}\` must be JSON.`)
  }
}

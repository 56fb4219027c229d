import type { IncomingMessage } from 'node:http'
import { MIMEType } from 'node:util'
import { parseJson, readBody } from '@redress/shared/process/http.ts'
import { type OperationRequest, parseOperationRequest, readSearch, toOperationRequest } from './operation-request.ts'
import { BadRequestError } from './refusal.ts'

/** Many times the size of a batch of issues with long notes. */
const BODY_BYTES_MAX = 1024 * 1024
const JSON_TYPES = ['application/json', 'application/graphql+json']
/** A page of another site cannot send these without a preflight request. */
const PREFLIGHT_HEADERS = [
  'authorization',
  'x-api-key',
  'apollo-require-preflight',
  'x-apollo-operation-name',
  'graphql-require-preflight',
]

/**
 * Reads the operation from the query string of a GET or the body of a POST. Refuses requests that a page of another site
 * could send without a preflight request, and texts in another encoding than UTF-8.
 * @throws BadRequestError, BadUserInputError, BodyTooLargeError
 */
export async function readOperation(request: IncomingMessage): Promise<OperationRequest> {
  if (request.method === 'GET') {
    if (!PREFLIGHT_HEADERS.some((name) => request.headers[name]) && !isJson(request)) {
      const headers = PREFLIGHT_HEADERS.join(', ')
      throw new BadRequestError(`Send one of the headers ${headers}, or content-type: application/json, or a POST.`)
    }
    return readSearch(searchOf(request))
  }
  if (!isJson(request)) throw new BadRequestError('Send JSON, and say so: content-type: application/json.')
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new BadRequestError('Send the body without compression (content-encoding).')
  }
  return toOperationRequest(parseJson(await readBody(request, BODY_BYTES_MAX), parseOperationRequest))
}

/** @throws BadRequestError for JSON in another encoding than UTF-8. */
function isJson({ headers: { 'content-type': given = '' } }: IncomingMessage): boolean {
  if (given === 'application/json') return true
  const type = toMimeType(given)
  if (type === null || !JSON_TYPES.includes(type.essence)) return false
  const charset = type.params.get('charset') ?? 'utf-8'
  if (!/^utf-?8$/i.test(charset)) throw new BadRequestError(`Send JSON in UTF-8, not in ${charset}.`)
  return true
}

function toMimeType(text: string): MIMEType | null {
  try {
    return new MIMEType(text)
  } catch {
    return null
  }
}

function searchOf({ url = '' }: IncomingMessage): string {
  const start = url.indexOf('?')
  return start === -1 ? '' : url.slice(start)
}

import type { IncomingMessage } from 'node:http'
import { BadUserInputError } from '@redress/shared/errors.ts'
import { parseJson, readBody } from '@redress/shared/process/http.ts'
import { MESSAGE_BYTES_MAX } from '../limits.ts'
import type { GraphqlRequest } from '../prepared-subscription.ts'
import { readRequest } from './websocket-messages.ts'

/** @throws BadUserInputError unless the client accepts server-sent events. */
export function requireEventStream({ headers: { accept } }: IncomingMessage): void {
  if (accept === undefined || /text\/event-stream|text\/\*|\*\/\*/.test(accept)) return
  throw new BadUserInputError(['accept'], 'must allow text/event-stream')
}

/** Reads the operation from the body of a POST or the query string of a GET. @throws BadUserInputError, BodyTooLargeError */
export async function readOperation(request: IncomingMessage): Promise<GraphqlRequest> {
  const given = request.method === 'POST' ? parseJson(await readBody(request, MESSAGE_BYTES_MAX)) : readSearch(request)
  const operation = readRequest(given)
  if (operation === null) throw new BadUserInputError(['body'], 'is not a GraphQL request')
  return operation
}

function readSearch({ url = '' }: IncomingMessage): unknown {
  const search = new URLSearchParams(url.split('?')[1] ?? '')
  const jsonOf = (name: string) => {
    const value = search.get(name)
    return value === null ? null : parseJson(Buffer.from(value))
  }
  return {
    query: search.get('query'),
    operationName: search.get('operationName'),
    variables: jsonOf('variables'),
    extensions: jsonOf('extensions'),
  }
}

import type { IncomingMessage } from 'node:http'
import { BadUserInputError } from '@redress/shared/errors.ts'
import { readOperation } from '../../operations/read-operation.ts'
import { BadRequestError } from '../../operations/refusal.ts'
import type { GraphqlRequest } from '../prepared-subscription.ts'

/** @throws BadUserInputError unless the client accepts server-sent events. */
export function requireEventStream({ headers: { accept } }: IncomingMessage): void {
  if (accept === undefined || /text\/event-stream|text\/\*|\*\/\*/.test(accept)) return
  throw new BadUserInputError(['accept'], 'must allow text/event-stream')
}

/** Reads the operation as any other. @throws BadRequestError, BadUserInputError, BodyTooLargeError */
export async function readRequest(request: IncomingMessage): Promise<GraphqlRequest> {
  const { query, ...rest } = await readOperation(request)
  if (query === null) throw new BadRequestError('There is no `query`.')
  return { query, ...rest }
}

import { APIConnectionError, APIError, APIUserAbortError } from '@anthropic-ai/sdk'
import { ModelError, type ModelFailure } from './model.ts'

const FAILURE_BY_STATUS: Readonly<Record<number, ModelFailure>> = {
  401: 'unauthenticated',
  // An account that is not paid for, or may not use the model, needs the same person as a wrong key.
  402: 'unauthenticated',
  403: 'unauthenticated',
  408: 'timeout',
  429: 'rate_limited',
  504: 'timeout',
  529: 'overloaded',
}

/**
 * What went wrong with a call, in our words. The provider's own message stays out: it may quote what it was sent, and
 * messages are logged; the request id leads to it.
 * @param expired whether the deadline has passed, which looks different at each stage of a call.
 */
export function toModelError(error: unknown, { expired }: { expired: boolean }): ModelError {
  if (error instanceof ModelError) return error
  if (expired || error instanceof APIUserAbortError) return new ModelError('timeout', 'Claude gave no answer in time.')
  if (error instanceof APIConnectionError) {
    return new ModelError('connection', `Claude cannot be reached: ${codeOf(error.cause)}.`)
  }
  if (error instanceof APIError) return ofStatus(error)
  if (error instanceof SyntaxError)
    return new ModelError('malformed', 'Claude answered with something that is no JSON.')
  // The message of fetch when the connection closes before the end of the body.
  if (error instanceof TypeError)
    return new ModelError('connection', `Claude's answer broke off: ${codeOf(error.cause)}.`)
  return new ModelError('invalid_request', 'The request to Claude could not be made.', { cause: error })
}

function ofStatus({ status, type, requestID, headers }: APIError): ModelError {
  const failure = FAILURE_BY_STATUS[status ?? 0] ?? ((status ?? 0) >= 500 ? 'server_error' : 'invalid_request')
  return new ModelError(failure, `Claude answered ${status} ${type ?? 'without a type'}.`, {
    requestId: requestID ?? null,
    retryAfterMs: readRetryAfter(headers?.get('retry-after') ?? null),
  })
}

/** Seconds, or a date. */
function readRetryAfter(value: string | null): number | null {
  if (value === null || value === '') return null
  const seconds = Number(value)
  const ms = Number.isNaN(seconds) ? Date.parse(value) - Date.now() : seconds * 1_000
  return Number.isFinite(ms) ? Math.max(0, ms) : null
}

/** The code of the innermost error, such as ECONNREFUSED: fetch wraps them. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no code'
  if (error.cause instanceof Error) return codeOf(error.cause)
  return 'code' in error && typeof error.code === 'string' ? error.code : 'no code'
}

import { AppError, NEUTRAL_MESSAGE } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { RateLimitedError } from '../access/errors.ts'
import { pushHeaders } from '../access/rate-limit.ts'
import { INTERNAL } from '../operations/public-error.ts'
import { MethodNotAllowedError, statusOf } from './errors.ts'
import { type Exchange, sendJson } from './exchange.ts'

/** Answers in GraphQL's form, so that a client has one kind of error to read. */
export function answerFailure(exchange: Exchange, error: unknown, logger: Logger): void {
  const { response, requestId, observed } = exchange
  // The client has gone, or an answer has been started.
  if (response.destroyed || response.headersSent) return

  const { status, message, extensions } = toAnswer(error, requestId)
  if (status === 500) logger.error({ err: error, requestId }, 'unexpected error')
  observed.codes = [extensions.code]
  observed.isRefused = status !== 500
  if (error instanceof RateLimitedError) pushHeaders(exchange.headers, error.verdict)
  exchange.headers.push(...headersFor(error, status))
  sendJson(exchange, status, JSON.stringify({ errors: [{ message, extensions }] }))
}

function toAnswer(error: unknown, requestId: string) {
  if (!(error instanceof AppError)) {
    return { status: 500, message: NEUTRAL_MESSAGE, extensions: { code: INTERNAL, requestId } }
  }
  return { status: statusOf(error), message: error.message, extensions: { code: error.code, ...error.facts } }
}

function headersFor(error: unknown, status: number): string[] {
  if (status === 401) return ['www-authenticate', 'Bearer']
  return error instanceof MethodNotAllowedError ? ['allow', error.facts.allowed.join(', ')] : []
}

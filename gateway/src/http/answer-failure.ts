import { AppError, BadUserInputError, NEUTRAL_MESSAGE } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { GraphQLFormattedError } from 'graphql'
import { RateLimitedError } from '../access/errors.ts'
import { pushHeaders } from '../access/rate-limit.ts'
import { codesOf } from '../operations/answer-text.ts'
import { INTERNAL, toGraphqlError } from '../operations/public-error.ts'
import { BadRequestError, RefusedOperationError } from '../operations/refusal.ts'
import { MethodNotAllowedError, statusOf } from './errors.ts'
import { type Exchange, sendJson } from './exchange.ts'
import { formOfError } from './negotiate.ts'

/** Answers in GraphQL's form, so that a client has one kind of error to read. */
export function answerFailure(exchange: Exchange, error: unknown, logger: Logger): void {
  const { response, requestId, observed, form } = exchange
  // The client has gone, or an answer has been started.
  if (response.destroyed || response.headersSent) return

  const { status, errors } = toAnswer(error, requestId)
  if (status === 500) logger.error({ err: error, requestId }, 'unexpected error')
  observed.codes = codesOf(errors)
  observed.isRefused = status !== 500
  if (error instanceof RateLimitedError) pushHeaders(exchange.headers, error.verdict)
  exchange.headers.push(...headersFor(error, status))
  const { contentType, isLegacy } = formOfError(form)
  sendJson(exchange, isLegacy && isRequestError(error, status) ? 200 : status, JSON.stringify({ errors }), contentType)
}

type Failure = Readonly<{ status: number; errors: readonly GraphQLFormattedError[] }>

function toAnswer(error: unknown, requestId: string): Failure {
  if (error instanceof RefusedOperationError) return error
  if (error instanceof AppError) return { status: statusOf(error), errors: [toGraphqlError(error)] }
  return { status: 500, errors: [{ message: NEUTRAL_MESSAGE, extensions: { code: INTERNAL, requestId } }] }
}

/** Whether the request itself was in order, and GraphQL refuses its operation. */
function isRequestError(error: unknown, status: number): boolean {
  return status === 400 && !(error instanceof BadRequestError) && !(error instanceof BadUserInputError)
}

function headersFor(error: unknown, status: number): string[] {
  if (status === 401) return ['www-authenticate', 'Bearer']
  if (status !== 405) return []
  return ['allow', error instanceof MethodNotAllowedError ? error.facts.allowed.join(', ') : 'POST']
}

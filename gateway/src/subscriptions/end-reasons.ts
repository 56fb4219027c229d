import { AppError, NEUTRAL_MESSAGE } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { GraphQLFormattedError } from 'graphql'

/** Why a subscription or an operation ends early: what was wrong with it, or what happened to it. */
export type End = AppError | readonly GraphQLFormattedError[]

/** A failure that is nobody's to see becomes a neutral sentence, and a line in the log. */
export function toEnd(error: unknown, logger: Logger): End {
  if (error instanceof AppError) return error
  logger.error({ err: error }, 'subscription failed')
  return [{ message: NEUTRAL_MESSAGE, extensions: { code: 'INTERNAL_SERVER_ERROR' } }]
}

/** The errors as clients see them. */
export function toErrors(end: End): readonly GraphQLFormattedError[] {
  return end instanceof AppError ? [{ message: end.message, extensions: { code: end.code, ...end.facts } }] : end
}

import type { Logger } from '@redress/shared/process/logger.ts'
import type { TakeTurn } from '../use-cases/ports.ts'

const ALLOWED = { allowed: true, retryAfterMs: 0 }

/**
 * The rate limit protects us, and nobody's money: while `take` (a token bucket, which has a deadline of its own) does
 * not answer, everybody may go on.
 */
export function createPaymentTurns({ take, logger }: Readonly<{ take: TakeTurn; logger: Logger }>): TakeTurn {
  return (customerId) =>
    take(customerId).catch((err: unknown) => {
      logger.warn({ err }, 'payments not limited, redis does not answer')
      return ALLOWED
    })
}

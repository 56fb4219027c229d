import type { Logger } from '@redress/shared/process/logger.ts'
import type { TakeTurn } from '../use-cases/ports.ts'

const ALLOWED = { allowed: true, retryAfterMs: 0 }

/**
 * Limits payments per customer. Fails open: the limit protects only this service and no money, so all payments are
 * allowed while `take` (a token bucket with its own deadline) does not answer.
 */
export function createPaymentTurns({ take, logger }: Readonly<{ take: TakeTurn; logger: Logger }>): TakeTurn {
  return (customerId) =>
    take(customerId).catch((err: unknown) => {
      logger.warn({ err }, 'payments not limited, redis does not answer')
      return ALLOWED
    })
}

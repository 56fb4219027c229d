import { AppError } from '@redress/shared/errors.ts'

/** The same request is being answered just now, and takes longer than a caller should wait. */
export class PaymentInProgressError extends AppError {
  override readonly name = 'PaymentInProgressError'
  readonly code = 'PAYMENT_IN_PROGRESS'
  readonly kind = 'conflict'

  constructor() {
    super('This payment is being decided. Ask again with the same key in a moment.')
  }
}

/** One customer's payments are asked for faster than they are decided. */
export class PaymentRateError extends AppError {
  override readonly name = 'PaymentRateError'
  readonly code = 'RATE_LIMITED'
  readonly kind = 'limited'
  override readonly facts: { retryAfterMs: number }

  constructor(retryAfterMs: number) {
    super('There are too many payments of this customer at once.')
    this.facts = { retryAfterMs }
  }
}

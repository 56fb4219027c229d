import { AppError } from '@redress/shared/errors.ts'

export class CustomerNotFoundError extends AppError {
  override readonly name = 'CustomerNotFoundError'
  readonly code = 'CUSTOMER_NOT_FOUND'
  readonly kind = 'missing'

  constructor(id: string) {
    super(`There is no customer ${id}.`)
  }
}

/** The key was used before by this customer, for another payment. */
export class PaymentKeyReusedError extends AppError {
  override readonly name = 'PaymentKeyReusedError'
  readonly code = 'IDEMPOTENCY_CONFLICT'
  readonly kind = 'refused'

  constructor(key: string) {
    super(`The idempotency key ${key} was used before with another input.`)
  }
}

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

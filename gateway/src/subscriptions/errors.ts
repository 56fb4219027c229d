import { AppError } from '@redress/shared/errors.ts'

/** `after` is neither a cursor of this field nor an RFC 3339 moment. */
export class CursorInvalidError extends AppError {
  override readonly name = 'CursorInvalidError'
  readonly code = 'CURSOR_INVALID'
  readonly kind = 'invalid'

  constructor() {
    super('`after` is neither a cursor of this subscription nor an RFC 3339 moment.')
  }
}

/** Events after the cursor are no longer complete: the client reads the current state and starts again. */
export class CursorExpiredError extends AppError {
  override readonly name = 'CursorExpiredError'
  readonly code = 'CURSOR_EXPIRED'
  readonly kind = 'missing'

  constructor() {
    super('The events since then are no longer complete. Read the present state and subscribe without `after`.')
  }
}

/** The client reads more slowly than events arrive. It can continue after `cursor`. */
export class SlowReaderError extends AppError {
  override readonly name = 'SlowReaderError'
  readonly code = 'SLOW_READER'
  readonly kind = 'unavailable'
  override readonly facts: { cursor: string | null }

  constructor(cursor: string | null) {
    super('Events come faster than they are read. Subscribe again with the last cursor as `after`.')
    this.facts = { cursor }
  }
}

export type Holder = 'principal' | 'process' | 'socket' | 'address'

export class TooManySubscriptionsError extends AppError {
  override readonly name = 'TooManySubscriptionsError'
  readonly code = 'TOO_MANY_SUBSCRIPTIONS'
  readonly kind = 'unavailable'
  override readonly facts: { per: Holder; limit: number }

  constructor(per: Holder, limit: number) {
    super(`At most ${limit} subscriptions are open per ${per} at a time.`)
    this.facts = { per, limit }
  }
}

/** The gateway stops. The client can continue after the last cursor, at another gateway or after the restart. */
export class StoppingError extends AppError {
  override readonly name = 'StoppingError'
  readonly code = 'GATEWAY_STOPPING'
  readonly kind = 'unavailable'
  override readonly facts: { cursor: string | null }

  constructor(cursor: string | null = null) {
    super('The gateway is stopping. Subscribe again with the last cursor as `after`.')
    this.facts = { cursor }
  }
}

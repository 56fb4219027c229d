import { AppError } from '@redress/shared/errors.ts'

/** Nothing was decided by that policy in the range, so there is nothing to hold a candidate against. */
export class NoDecisionsInRangeError extends AppError {
  override readonly name = 'NoDecisionsInRangeError'
  readonly code = 'NO_DECISIONS_IN_RANGE'
  readonly kind = 'missing'

  constructor(skill: string) {
    super(`There are no decisions by ${skill} in this range.`)
  }
}

/** A backtest was queued that is not on record. */
export class BacktestMissingError extends AppError {
  override readonly name = 'BacktestMissingError'
  readonly code = 'BACKTEST_NOT_FOUND'
  readonly kind = 'missing'

  constructor(id: string) {
    super(`There is no backtest ${id} on record.`)
  }
}

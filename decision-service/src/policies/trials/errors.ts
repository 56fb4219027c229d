import { AppError } from '@redress/shared/errors.ts'

/** Nothing was decided about an issue yet, or nothing that may be seen. */
export class IssueUndecidedError extends AppError {
  override readonly name = 'IssueUndecidedError'
  readonly code = 'DECISION_NOT_FOUND'
  readonly kind = 'missing'

  constructor(issueId: string) {
    super(`There is no decision for the issue ${issueId}.`)
  }
}

export class DecisionNotFoundError extends AppError {
  override readonly name = 'DecisionNotFoundError'
  readonly code = 'DECISION_NOT_FOUND'
  readonly kind = 'missing'

  constructor(id: string) {
    super(`There is no decision ${id}.`)
  }
}

/** It was stored before cases were kept with decisions. */
export class DecisionNotReplayableError extends AppError {
  override readonly name = 'DecisionNotReplayableError'
  readonly code = 'DECISION_NOT_REPLAYABLE'
  readonly kind = 'refused'

  constructor(id: string) {
    super(`The decision ${id} is older than the record of cases, so it cannot be made again.`)
  }
}

/** Nothing was decided by that policy in the range, so there is nothing to hold a candidate against. */
export class NoDecisionsInRangeError extends AppError {
  override readonly name = 'NoDecisionsInRangeError'
  readonly code = 'NO_DECISIONS_IN_RANGE'
  readonly kind = 'missing'

  constructor(skill: string) {
    super(`There are no decisions by ${skill} in this range.`)
  }
}

/** A queued backtest has no stored record. */
export class BacktestMissingError extends AppError {
  override readonly name = 'BacktestMissingError'
  readonly code = 'BACKTEST_NOT_FOUND'
  readonly kind = 'missing'

  constructor(id: string) {
    super(`There is no backtest ${id} on record.`)
  }
}

import type { DecisionAction, IssueStatus, IssueType } from '@redress/shared/contracts.ts'
import { AppError } from '@redress/shared/errors.ts'

export class IssueNotFoundError extends AppError {
  override readonly name = 'IssueNotFoundError'
  readonly code = 'ISSUE_NOT_FOUND'
  readonly kind = 'missing'

  constructor(id: string) {
    super(`There is no issue ${id}.`)
  }
}

export class TransactionNotFoundError extends AppError {
  override readonly name = 'TransactionNotFoundError'
  readonly code = 'TRANSACTION_NOT_FOUND'
  readonly kind = 'missing'

  constructor(id: string) {
    super(`There is no transaction ${id}.`)
  }
}

/** The transaction belongs to another customer. */
export class TransactionMismatchError extends AppError {
  override readonly name = 'TransactionMismatchError'
  readonly code = 'TRANSACTION_MISMATCH'
  readonly kind = 'invalid'

  constructor(transactionId: string, customerId: string) {
    super(`The transaction ${transactionId} does not belong to the customer ${customerId}.`)
  }
}

export class InvalidTransitionError extends AppError {
  override readonly name = 'InvalidTransitionError'
  readonly code = 'INVALID_TRANSITION'
  readonly kind = 'refused'
  override readonly facts: { from: IssueStatus; to: IssueStatus }

  constructor(from: IssueStatus, to: IssueStatus) {
    super(`An issue that is ${from} cannot become ${to}.`)
    this.facts = { from, to }
  }
}

export class ActionNotAllowedError extends AppError {
  override readonly name = 'ActionNotAllowedError'
  readonly code = 'ACTION_NOT_ALLOWED'
  readonly kind = 'invalid'
  override readonly facts: { allowed: readonly DecisionAction[] }

  constructor(type: IssueType, action: DecisionAction, allowed: readonly DecisionAction[]) {
    super(`A ${type} issue cannot be resolved by ${action}.`)
    this.facts = { allowed }
  }
}

/** The issue was changed since it was read. */
export class ConflictError extends AppError {
  override readonly name = 'ConflictError'
  readonly code = 'CONFLICT'
  readonly kind = 'conflict'

  constructor(id: string) {
    super(`The issue ${id} has changed in the meantime. Read it again.`)
  }
}

import type { DecisionAction, IssueStatus, IssueType, TransactionStatus } from '@redress/shared/contracts.ts'
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

/** The issue cannot be about the payment that it names, by the record of the payment. */
export class DetailsMismatchError extends AppError {
  override readonly name = 'DetailsMismatchError'
  readonly code = 'DETAILS_MISMATCH'
  readonly kind = 'invalid'
  override readonly facts: { argumentPath: readonly string[] }

  constructor(argumentPath: readonly string[], because: string) {
    super(`${argumentPath.join('.')} does not fit the payment: ${because}.`)
    this.facts = { argumentPath }
  }
}

export class InvalidTransitionError extends AppError {
  override readonly name = 'InvalidTransitionError'
  readonly code = 'INVALID_TRANSITION'
  readonly kind = 'refused'
  override readonly facts: { from: IssueStatus | TransactionStatus; to: IssueStatus | TransactionStatus }

  constructor(from: IssueStatus, to: IssueStatus)
  constructor(from: TransactionStatus, to: TransactionStatus, entity: 'payment')
  constructor(from: IssueStatus | TransactionStatus, to: IssueStatus | TransactionStatus, entity = 'issue') {
    super(`${entity === 'issue' ? 'An' : 'A'} ${entity} that is ${from} cannot become ${to}.`)
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

/** The issue, customer, payment or import was changed since it was read. */
export class ConflictError extends AppError {
  override readonly name = 'ConflictError'
  readonly code = 'CONFLICT'
  readonly kind = 'conflict'

  constructor(id: string, entity: 'issue' | 'customer' | 'payment' | 'import' = 'issue') {
    super(`The ${entity} ${id} has changed in the meantime. Read it again.`)
  }
}

/** The external id was used before, with another input. */
export class ExternalIdTakenError extends AppError {
  override readonly name = 'ExternalIdTakenError'
  readonly code = 'EXTERNAL_ID_TAKEN'
  readonly kind = 'refused'

  constructor(entity: 'customer' | 'payment' | 'issue', externalId: string) {
    super(`The external id ${externalId} is that of another ${entity}, or was used before with another input.`)
  }
}

/** The personal data of the customer was destroyed. No more is stored, and no issue is created. */
export class CustomerErasedError extends AppError {
  override readonly name = 'CustomerErasedError'
  readonly code = 'CUSTOMER_ERASED'
  readonly kind = 'refused'

  constructor(id: string) {
    super(`The personal data of the customer ${id} was erased.`)
  }
}

/** Something of the customer is not settled yet, whose texts are needed for it. */
export class CustomerNotErasableError extends AppError {
  override readonly name = 'CustomerNotErasableError'
  readonly code = 'CUSTOMER_NOT_ERASABLE'
  readonly kind = 'refused'
  override readonly facts: { openIssues: number; disputedPayments: number }

  constructor(id: string, facts: { openIssues: number; disputedPayments: number }) {
    super(`The customer ${id} has issues that are not resolved, or disputed payments. They must be settled first.`)
    this.facts = facts
  }
}

/** Another person has claimed the issue. */
export class IssueClaimedError extends AppError {
  override readonly name = 'IssueClaimedError'
  readonly code = 'ISSUE_CLAIMED'
  readonly kind = 'refused'
  override readonly facts: { until: string }

  constructor(id: string, until: Date) {
    super(`Another person has claimed the issue ${id}.`)
    this.facts = { until: until.toISOString() }
  }
}

/** The issue is assigned to another person. */
export class IssueAssignedError extends AppError {
  override readonly name = 'IssueAssignedError'
  readonly code = 'ISSUE_ASSIGNED'
  readonly kind = 'refused'

  constructor(id: string) {
    super(`The issue ${id} is assigned to another person.`)
  }
}

/** More money would be paid back than was paid. */
export class RefundExceedsPaymentError extends AppError {
  override readonly name = 'RefundExceedsPaymentError'
  readonly code = 'REFUND_EXCEEDS_PAYMENT'
  readonly kind = 'refused'

  constructor(transactionId: string) {
    super(`The refunds of the payment ${transactionId} would exceed its amount.`)
  }
}

/** An issue that was archived is final. */
export class IssueArchivedError extends AppError {
  override readonly name = 'IssueArchivedError'
  readonly code = 'CONFLICT'
  readonly kind = 'conflict'

  constructor(id: string) {
    super(`The issue ${id} is in the archive, and cannot change any more.`)
  }
}

/** The notes of an issue would have too many links. */
export class TooManyLinksError extends AppError {
  override readonly name = 'TooManyLinksError'
  readonly code = 'BAD_USER_INPUT'
  readonly kind = 'invalid'
  override readonly facts = { argumentPath: ['attachments'] }

  constructor(id: string, max: number) {
    super(`The notes of the issue ${id} can have ${max} attachments at most.`)
  }
}

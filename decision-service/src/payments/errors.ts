import type { ErrorCode } from '@redress/shared/error-codes.ts'
import { AppError, type InputProblem } from '@redress/shared/errors.ts'

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
  override readonly facts: { retryAfterSeconds: number }

  constructor(retryAfterMs: number) {
    super('There are too many payments of this customer at once.')
    this.facts = { retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) }
  }
}

/** A business rule was refused as a whole; `problems` lists everything that is wrong with it. */
export class RuleRefusedError extends AppError {
  override readonly name = 'RuleRefusedError'
  readonly code = 'RULE_REFUSED'
  readonly kind = 'invalid'
  override readonly facts: {
    argumentPath: readonly string[]
    problems: readonly (InputProblem & { code: 'RULE_REFUSED' })[]
  }

  constructor(problems: readonly RuleProblem[]) {
    super(`The rule was refused: ${problems.map(({ path, problem }) => `${path} ${problem}`).join('; ')}.`)
    const placed = problems.map(({ path, problem }) => ({
      code: 'RULE_REFUSED' as const,
      path: ['input', ...path.split('.')],
      message: problem,
    }))
    this.facts = { argumentPath: placed[0]?.path ?? ['input'], problems: placed }
  }
}

/** The rule was changed since it was read. */
export class RuleConflictError extends AppError {
  override readonly name = 'RuleConflictError'
  readonly code = 'CONFLICT'
  readonly kind = 'conflict'

  constructor(id: string) {
    super(`The rule ${id} has changed in the meantime. Read it again.`)
  }
}

/** `path` is the place in the rule, such as `when.riskScore.gte`. */
export type RuleProblem = Readonly<{ path: string; problem: string }>

/** The issues subgraph did not answer, or not in a way that can be understood. It may later. */
export class IssuesUnavailableError extends AppError {
  override readonly name = 'IssuesUnavailableError'
  readonly code = 'SUBGRAPH_UNAVAILABLE'
  readonly kind = 'unavailable'

  constructor(problem: string, options?: ErrorOptions) {
    super(`The issues subgraph ${problem}.`, options)
  }
}

/** The issues subgraph understood and refused; the same question would be refused again. */
export class IssuesRefusedError extends AppError {
  override readonly name = 'IssuesRefusedError'
  readonly code: ErrorCode
  readonly kind = 'refused'

  constructor(code: ErrorCode) {
    super(`The issues subgraph refused with ${code}.`)
    this.code = code
  }
}

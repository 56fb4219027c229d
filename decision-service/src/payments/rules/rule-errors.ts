import { AppError } from '@redress/shared/errors.ts'

/** `path` is the place in the rule, such as `when.riskScore.gte`. */
export type RuleProblem = Readonly<{ path: string; problem: string }>

/** A business rule was refused as a whole; `problems` lists everything that is wrong with it. */
export class RuleRefusedError extends AppError {
  override readonly name = 'RuleRefusedError'
  readonly code = 'RULE_REFUSED'
  readonly kind = 'invalid'
  override readonly facts: { problems: readonly RuleProblem[] }

  constructor(problems: readonly RuleProblem[]) {
    super(`The rule was refused: ${problems.map(({ path, problem }) => `${path} ${problem}`).join('; ')}.`)
    this.facts = { problems }
  }
}

/** Somebody else wrote the rule since it was read. */
export class RuleConflictError extends AppError {
  override readonly name = 'RuleConflictError'
  readonly code = 'CONFLICT'
  readonly kind = 'conflict'

  constructor(id: string) {
    super(`The rule ${id} has changed in the meantime. Read it again.`)
  }
}

import { AppError } from '@redress/shared/errors.ts'
import { type SkillProblem, toLine } from './files/skill-problem.ts'

export class PolicyNotFoundError extends AppError {
  override readonly name = 'PolicyNotFoundError'
  readonly code = 'POLICY_NOT_FOUND'
  readonly kind = 'missing'

  constructor(skill: string) {
    super(`There is no policy ${skill}.`)
  }
}

/** The author of a version must not put it in force. */
export class FourEyesRequiredError extends AppError {
  override readonly name = 'FourEyesRequiredError'
  readonly code = 'FOUR_EYES_REQUIRED'
  readonly kind = 'refused'

  constructor(digest: string) {
    super(`The version ${digest} must be put in force by somebody who did not propose it.`)
  }
}

/** The version is in force already. */
export class PolicyUnchangedError extends AppError {
  override readonly name = 'PolicyUnchangedError'
  readonly code = 'POLICY_UNCHANGED'
  readonly kind = 'refused'

  constructor(skill: string, digest: string) {
    super(`The version ${digest} of ${skill} is in force already.`)
  }
}

/** There is nothing to go back to: no version, or not this one, was in force before. */
export class NoEarlierVersionError extends AppError {
  override readonly name = 'NoEarlierVersionError'
  readonly code = 'POLICY_VERSION_NOT_FOUND'
  readonly kind = 'missing'

  constructor(skill: string, digest: string | null) {
    super(digest === null ? `No other version of ${skill} was in force before.` : `${digest} was never in force.`)
  }
}

export class PolicyNotOnTrialError extends AppError {
  override readonly name = 'PolicyNotOnTrialError'
  readonly code = 'POLICY_NOT_ON_TRIAL'
  readonly kind = 'missing'

  constructor(skill: string) {
    super(`No candidate for ${skill} is on trial.`)
  }
}

/** Further problems are left out, and are reported once these are mended. */
const PROBLEMS_MAX = 200

/** A skill was refused as a whole; `problems` lists everything that is wrong with it, up to a number. */
export class SkillsRefusedError extends AppError {
  override readonly name = 'SkillsRefusedError'
  readonly code = 'SKILLS_REFUSED'
  readonly kind = 'invalid'
  readonly problems: readonly SkillProblem[]
  override readonly facts: { problems: readonly (SkillProblem & { code: 'SKILLS_REFUSED'; message: string })[] }

  constructor(found: readonly SkillProblem[]) {
    const problems = found.slice(0, PROBLEMS_MAX)
    super(`Skills refused:\n${problems.map((problem) => `  ${toLine(problem)}`).join('\n')}`)
    this.problems = problems
    this.facts = {
      problems: problems.map((found) => ({ ...found, code: 'SKILLS_REFUSED', message: found.problem })),
    }
  }
}

import { AppError } from '@redress/shared/errors.ts'

/** Something wrong in a skill's folder, and where. */
export type SkillProblem = Readonly<{
  /** Relative to the folder of all skills, such as `decline-policy/rules.json`. */
  file: string
  /** Counted from 1; null where the problem has no single line. */
  line: number | null
  /** The place in the document, such as `rules[3].when.riskScore`; empty for the document itself. */
  path: string
  problem: string
}>

/** So many are told; whoever mends those is told of the others. */
const PROBLEMS_TOLD_MAX = 200

/** A skill was refused as a whole; `problems` lists everything that is wrong with it, up to a number. */
export class SkillsRefusedError extends AppError {
  override readonly name = 'SkillsRefusedError'
  readonly code = 'SKILLS_REFUSED'
  readonly kind = 'invalid'
  readonly problems: readonly SkillProblem[]
  override readonly facts: { problems: readonly SkillProblem[] }

  constructor(found: readonly SkillProblem[]) {
    const problems = found.slice(0, PROBLEMS_TOLD_MAX)
    super(`Skills refused:\n${problems.map((problem) => `  ${toLine(problem)}`).join('\n')}`)
    this.problems = problems
    this.facts = { problems }
  }
}

/** Such as `decline-policy/rules.json:12 rules[3].when is …`. */
export function toLine({ file, line, path, problem }: SkillProblem): string {
  return [line === null ? file : `${file}:${line}`, path, problem].filter((part) => part !== '').join(' ')
}

/** A problem of a file as a whole. */
export function problemOf(file: string, problem: string): SkillProblem {
  return { file, line: null, path: '', problem }
}

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

/** Such as `decline-policy/rules.json:12 rules[3].when is …`. */
export function toLine({ file, line, path, problem }: SkillProblem): string {
  return [line === null ? file : `${file}:${line}`, path, problem].filter((part) => part !== '').join(' ')
}

/** A problem of a file as a whole. */
export function problemOf(file: string, problem: string): SkillProblem {
  return { file, line: null, path: '', problem }
}

import { parseDecisionTable } from '../table/decision-table.ts'
import type { Skill } from './skill.ts'
import { digestOf } from './skill-digest.ts'
import { parseSkillDocument } from './skill-document.ts'
import { checkFiles } from './skill-files-check.ts'
import { problemOf, type SkillProblem } from './skill-problem.ts'

type ParsedSkill = Readonly<{ skill: Skill }> | Readonly<{ problems: readonly SkillProblem[] }>

/**
 * Reads a policy, wherever its files come from; one with any problem is refused as a whole, with all of its problems.
 * @param folder its name, which SKILL.md must have, too.
 * @param files what it holds, by the path within it, such as `rules.json`.
 */
export function parseSkill(folder: string, files: ReadonlyMap<string, string>): ParsedSkill {
  const [skillFile, rulesFile] = [`${folder}/SKILL.md`, `${folder}/rules.json`]
  const [text, rules] = [files.get('SKILL.md'), files.get('rules.json')]
  if (text === undefined || rules === undefined) {
    const missing = [text === undefined ? [skillFile] : [], rules === undefined ? [rulesFile] : []].flat()
    return { problems: missing.map((file) => problemOf(file, 'is missing')) }
  }

  const parsed = parseSkillDocument(text, { file: skillFile, folder })
  const document = parsed.ok ? parsed.document : null
  const result = parseDecisionTable(rules, { file: rulesFile, skill: document })
  const misplaced = checkFiles(folder, files)
  if (document === null || !result.ok || misplaced.length > 0) {
    return { problems: [...(parsed.ok ? [] : parsed.problems), ...(result.ok ? [] : result.problems), ...misplaced] }
  }
  const { sections: _, ...skill } = document
  return { skill: { ...skill, table: result.table, digest: digestOf(files), files } }
}

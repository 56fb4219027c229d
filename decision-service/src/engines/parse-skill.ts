import { createHash } from 'node:crypto'
import { parseDecisionTable } from './rules/decision-table.ts'
import type { Skill } from './skill.ts'
import { parseSkillDocument } from './skill-document.ts'
import type { SkillProblem } from './skill-problem.ts'

export type ParsedSkill = { skill: Skill } | { problems: readonly SkillProblem[] }

/** Reads the files of a skill's folder, by their paths within it; a skill with any problem is refused as a whole. */
export function parseSkill(folder: string, contents: ReadonlyMap<string, Buffer>): ParsedSkill {
  const [skillFile, rulesFile] = [`${folder}/SKILL.md`, `${folder}/rules.json`]
  const [text, rules] = [contents.get('SKILL.md'), contents.get('rules.json')]
  if (text === undefined || rules === undefined) {
    const missing = [text === undefined ? [skillFile] : [], rules === undefined ? [rulesFile] : []].flat()
    return { problems: missing.map((file) => toProblem(file, 'is missing')) }
  }

  const parsed = parseSkillDocument(text.toString(), { file: skillFile, folder })
  const skill = parsed.ok ? parsed.document : null
  const result = parseDecisionTable(rules.toString(), { file: rulesFile, skill })
  if (skill === null || !result.ok) {
    return { problems: [...(parsed.ok ? [] : parsed.problems), ...(result.ok ? [] : result.problems)] }
  }
  const { sections: _, ...document } = skill
  return { skill: { ...document, table: result.table, digest: toDigest(contents) } }
}

/** Names and lengths are part of it, so that no two folders read as the same bytes. */
function toDigest(contents: ReadonlyMap<string, Buffer>): string {
  const hash = createHash('sha256')
  for (const [file, content] of contents) hash.update(`${file}\0${content.length}\0`).update(content)
  return hash.digest('hex')
}

const toProblem = (file: string, problem: string): SkillProblem => ({ file, line: null, path: '', problem })

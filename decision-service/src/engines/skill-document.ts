import { ISSUE_TYPES } from '@redress/shared/contracts.ts'
import { type } from 'arktype'
import { isNode, LineCounter, parseDocument } from 'yaml'
import type { Skill } from './skill.ts'
import type { SkillProblem } from './skill-problem.ts'

export type SkillDocument = Omit<Skill, 'digest' | 'table' | 'files'> & {
  /** The sections of the body that a rule can cite, such as `§2.1`. */
  sections: ReadonlySet<string>
}
export type ParsedSkillDocument =
  | Readonly<{ ok: true; document: SkillDocument }>
  | Readonly<{ ok: false; problems: readonly SkillProblem[] }>

/** After the Agent Skills standard, where everything below `metadata` is text. */
const Frontmatter = type({
  '+': 'reject',
  name: type('/^[a-z0-9]+(-[a-z0-9]+)*$/ & string <= 64').describe('lower-case words joined by hyphens, at most 64'),
  description: '1 <= string <= 1024',
  license: 'string',
  'compatibility?': '1 <= string <= 500',
  'allowed-tools?': 'string',
  metadata: {
    '+': 'ignore',
    version: type('/^[0-9]+[.][0-9]+[.][0-9]+(-[0-9A-Za-z.-]+)?$/').describe('a version such as "1.0.0"'),
    serves: type.enumerated(...ISSUE_TYPES),
    'effective-from': type('string.date.iso & /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/').describe('a date such as "2026-11-01"'),
    'max-amount': type('/^[1-9][0-9]{0,14}$/').describe('minor units such as "50000"'),
  },
})

const HasRole = type({ metadata: { role: 'string' } })

export const FRONTMATTER = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/
/** The number that a heading or a list item in bold begins with. */
const SECTION = /^(?:#+ |- \*\*)(§[0-9]+(?:\.[0-9]+)*)(?=[\s*])/gm
const CHAPTERS = ['Policy Rules', 'Output Format']
/** What the standard advises. */
const BODY_LINES_MAX = 499

/** Reads SKILL.md; a document with any problem is refused as a whole, with all of its problems. */
export function parseSkillDocument(
  text: string,
  { file, folder }: { file: string; folder: string },
): ParsedSkillDocument {
  const [, head, body] = FRONTMATTER.exec(text) ?? []
  if (head === undefined || body === undefined) {
    return {
      ok: false,
      problems: [{ file, line: 1, path: '', problem: 'must begin with a frontmatter between lines of ---' }],
    }
  }

  const { value, problems: syntax, lineOf } = parseHead(head)
  if (syntax.length > 0) return { ok: false, problems: syntax.map((one) => ({ file, path: '', ...one })) }

  const fields = Frontmatter(value)
  const misplaced = checkBody(body).map((problem) => ({ file, line: null, path: '', problem }))
  if (fields instanceof type.errors) {
    const wrong = [...fields].map(({ path, problem }) => ({ file, line: lineOf(path), path: path.join('.'), problem }))
    return { ok: false, problems: [...wrong, ...misplaced] }
  }
  if (fields.name !== folder) {
    misplaced.push({
      file,
      line: null,
      path: 'name',
      problem: `must be the name of the folder, ${folder} (was "${fields.name}")`,
    })
  }
  return misplaced.length > 0 ? { ok: false, problems: misplaced } : { ok: true, document: toDocument(fields, body) }
}

/** The frontmatter's value, what is wrong with its YAML, and which line holds what. */
export function parseHead(head: string) {
  const lines = new LineCounter()
  const document = parseDocument(head, { lineCounter: lines, logLevel: 'silent' })
  const problems = document.errors.map(({ linePos, message }) => ({
    line: linePos === undefined ? null : linePos[0].line + 1, // The line of --- comes before the first one here.
    problem: `is not valid YAML: ${(message.split('\n')[0] ?? '').replace(/:$/, '')}`,
  }))
  /** Where something is missing, the line of what should hold it. */
  const lineOf = (path: readonly PropertyKey[]): number => {
    const node: unknown = path.length === 0 ? null : document.getIn(path, true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line + 1
    return path.length === 0 ? 2 : lineOf(path.slice(0, -1))
  }
  // No alias may stand for anything: a frontmatter of ten lines must not unfold to gigabytes.
  const value: unknown = problems.length > 0 ? null : document.toJS({ maxAliasCount: 0 })
  return { value, problems, lineOf }
}

export function checkBody(body: string, linesMax = BODY_LINES_MAX): string[] {
  const lines = body.split('\n')
  const missing = CHAPTERS.filter((chapter) => !lines.some((line) => line.trim() === `## ${chapter}`))
  const problems = missing.map((chapter) => `needs the chapter "## ${chapter}"`)
  if (lines.length > linesMax) problems.push(`must have at most ${linesMax} lines below the frontmatter`)
  return problems
}

function toDocument({ name, description, metadata }: typeof Frontmatter.infer, body: string): SkillDocument {
  return {
    name,
    description,
    version: metadata.version,
    serves: metadata.serves,
    effectiveFrom: metadata['effective-from'],
    maxAmount: Number(metadata['max-amount']),
    text: body.trim(),
    sections: sectionsOf(body),
  }
}

/** What a skill is for where it serves no type of issue, such as `arbiter`; null for a policy, and for what cannot be read. */
export function roleOf(text: string): string | null {
  const head = FRONTMATTER.exec(text)?.[1]
  const value = head === undefined ? null : parseHead(head).value
  const role = HasRole(value)
  return role instanceof type.errors ? null : role.metadata.role
}

/** The sections that the text of a policy has, such as `§2.1`. */
export function sectionsOf(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(SECTION)].map(([, section]) => section ?? ''))
}
